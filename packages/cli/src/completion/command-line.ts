import type { Argument, Command, Option } from 'commander';

/** What may follow: one of a few words, a file, a host's name, or something that cannot be guessed. */
export type Value =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'file' | 'host' | 'free' };

/** A flag of a command. */
export interface Flag {
  /** Long and short, with their dashes. */
  readonly names: readonly string[];
  readonly description: string;
  /** `null` for a switch. */
  readonly value: Value | null;
}

/** A command as the shells are told of it. */
export interface CommandLine {
  /** The words that lead to it after the program's name; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly operands: readonly { readonly name: string; readonly value: Value }[];
  readonly subcommands: readonly CommandLine[];
}

/** What a program takes, as its help shows it. */
export function describeCommandLine(command: Command, path: readonly string[] = []): CommandLine {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    flags: help.visibleOptions(command).map(describeFlag),
    operands: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      value: valueOfOperand(argument),
    })),
    subcommands: help
      .visibleCommands(command)
      .map((child) => describeCommandLine(child, [...path, child.name()])),
  };
}

/** How a script knows a place: the words that lead to it, each after a space. */
export function placeOf(words: readonly string[]): string {
  return words.map((word) => ` ${word}`).join('');
}

/** A command and all below it. */
export function flatten(command: CommandLine): CommandLine[] {
  return [command, ...command.subcommands.flatMap(flatten)];
}

function describeFlag(option: Option): Flag {
  return {
    names: [option.long, option.short].filter((name) => name !== undefined),
    description: option.description,
    value: option.required || option.optional ? valueOfOption(option) : null,
  };
}

function valueOfOption({ argChoices, flags }: Option): Value {
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices };
  return { kind: /file|dir/.test(flags.replace(/^[^<[]*/, '')) ? 'file' : 'free' };
}

function valueOfOperand(argument: Argument): Value {
  if (argument.argChoices !== undefined) return { kind: 'choice', choices: argument.argChoices };
  if (argument.name() === 'host') return { kind: 'host' };
  return { kind: /file|dir/.test(`${argument.name()} ${argument.description}`) ? 'file' : 'free' };
}
