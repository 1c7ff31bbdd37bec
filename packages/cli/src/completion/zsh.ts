import { type CommandLine, type Flag, flatten, type Value } from './command-line.ts';
import { quote, quoteWords } from './quote.ts';

/** A completion script for zsh, to be sourced or kept as a file in `fpath`. */
export function zshScript(name: string, program: CommandLine): string {
  const functions = flatten(program)
    .toReversed()
    .map((command) => functionOf(name, command));
  return `#compdef ${name}
# Completion of ${name} for zsh.
${functions.join('\n')}
if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

/** A function for each command, which hands on to that of the subcommand. */
function functionOf(name: string, command: CommandLine): string {
  const { path, flags, operands, subcommands } = command;
  const own = (words: readonly string[]): string => ['', name, ...words].join('_');
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...operands.map((operand) => `:${escape(operand.name)}:${actionOf(operand.value)}`),
  ];
  if (subcommands.length === 0)
    return `${own(path)}() {\n  _arguments -s ${specs.map(quote).join(' \\\n    ')}\n}`;
  return `${own(path)}() {
  local curcontext=$curcontext state line
  _arguments -C ${[...specs, ': :->command', '*:: :->rest'].map(quote).join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(
${subcommands.map((child) => `        ${quote(`${child.path.at(-1)!}:${child.description.replaceAll(':', String.raw`\:`)}`)}`).join('\n')}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${subcommands.map((child) => `        ${child.path.at(-1)!}) ${own(child.path)} ;;`).join('\n')}
      esac ;;
  esac
}`;
}

/** A flag that takes a value may be given again. */
function flagSpecs({ names, description, value }: Flag): string[] {
  return names.map((flag) => {
    const text = `[${escape(description)}]`;
    if (value === null) return `${flag}${text}`;
    const equals = flag.startsWith('--') ? '=' : '+';
    return `*${flag}${equals}${text}:value:${actionOf(value)}`;
  });
}

function actionOf(value: Value): string {
  const known = { file: '_files', host: '_hosts', free: ' ' };
  return value.kind === 'choice' ? `(${quoteWords(value.choices, quote)})` : known[value.kind];
}

/** Text within a specification of `_arguments`. */
function escape(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}
