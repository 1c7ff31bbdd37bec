import { type CommandLine, flatten, placeOf, type Value } from './command-line.ts';
import { quoteForFish as quote, quoteWords } from './quote.ts';

/** A completion script for fish, 3.0 and later. */
export function fishScript(name: string, program: CommandLine): string {
  const commands = flatten(program);
  const subcommands = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => placeOf(path));
  const lines = commands.flatMap((command) => {
    const rule = `complete -c ${name} -n ${quote(`__${name}_at ${quote(placeOf(command.path))}`)}`;
    return [
      ...command.subcommands.map(
        ({ path, description }) => `${rule} -a ${quote(path.at(-1)!)} -d ${quote(description)}`,
      ),
      ...command.operands.map(({ value }) => `${rule} ${argumentsOf(value)}`),
      ...command.flags.map(
        ({ names, description, value }) =>
          `${rule} ${names.map(nameOf).join(' ')} -d ${quote(description)}${value === null ? '' : ` -r ${argumentsOf(value)}`}`,
      ),
    ];
  });
  return `# Completion of ${name} for fish.
function __${name}_at -a place
    set -l path ''
    for word in (commandline -opc)[2..-1]
        switch "$path $word"
            case ${subcommands.map(quote).join(' ')}
                set path "$path $word"
        end
    end
    test "$path" = "$place"
end
complete -c ${name} -f
${lines.map((line) => line.trimEnd()).join('\n')}
`;
}

function argumentsOf(value: Value): string {
  const known = { file: '-F', host: "-f -a '(__fish_print_hostnames)'", free: '-f' };
  return value.kind === 'choice'
    ? `-f -a ${quote(quoteWords(value.choices, quote))}`
    : known[value.kind];
}

function nameOf(flag: string): string {
  return flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
}
