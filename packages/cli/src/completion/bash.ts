import { type CommandLine, flatten, placeOf, type Value } from './command-line.ts';
import { quote, quoteWords } from './quote.ts';

/** A completion script for bash, 3.2 and later. */
export function bashScript(name: string, program: CommandLine): string {
  const commands = flatten(program);
  const subcommands = commands.filter(({ path }) => path.length > 0);
  const valueFlags = commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) =>
      value === null ? [] : [{ places: names.map((flag) => placeOf([...path, flag])), value }],
    ),
  );
  return `# Completion of ${name} for bash.
_${name}() {
  COMPREPLY=()
  local path= flag= last= operands=0 word current=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # Bash makes a word of an equals sign: what follows still belongs to the flag.
    [[ $word == = ]] && flag=$last && continue
    [[ $flag ]] && flag= && continue
    case "$path $word" in
${arm(
  subcommands.map(({ path }) => placeOf(path)),
  'path="$path $word"',
)}${arm(
    valueFlags.flatMap(({ places }) => places),
    'flag="$path $word" last="$path $word"',
  )}      *' -'*) ;;
      *) operands=$((operands + 1)) ;;
    esac
  done
  [[ $current == = ]] && flag=$last current=
  if [[ $flag ]]; then
    case "$flag" in
${valueFlags.map(({ places, value }) => arm(places, offer(name, value))).join('')}    esac
  elif [[ $current == -* ]]; then
    case "$path" in
${commands.map(({ path, flags }) => arm([placeOf(path)], offerWords(name, namesOf(flags)))).join('')}    esac
  else
    case "$path $operands" in
${commands.map((command) => operandArms(name, command)).join('')}    esac
  fi
}
_${name}_words() {
  local IFS=$'\\n'
  COMPREPLY=($(IFS=' '; compgen -W "$1" -- "$current"))
}
_${name}_file() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$current"))
}
_${name}_host() {
  COMPREPLY=($(compgen -A hostname -- "$current"))
}
complete -F _${name} ${name}
`;
}

/** An arm of a case statement; none where there is nothing to match or to do. */
function arm(patterns: readonly string[], act: string): string {
  if (patterns.length === 0 || act === '') return '';
  return `      ${patterns.map(quote).join(' | ')}) ${act} ;;\n`;
}

function operandArms(name: string, { path, subcommands, operands }: CommandLine): string {
  const next = subcommands.map((child) => child.path.at(-1)!);
  const values: readonly Value[] =
    next.length > 0 ? [{ kind: 'choice', choices: next }] : operands.map(({ value }) => value);
  return values
    .map((value, index) => arm([`${placeOf(path)} ${index}`], offer(name, value)))
    .join('');
}

function offer(name: string, value: Value): string {
  if (value.kind === 'choice') return offerWords(name, value.choices);
  return value.kind === 'free' ? '' : `_${name}_${value.kind}`;
}

function offerWords(name: string, words: readonly string[]): string {
  return words.length === 0 ? '' : `_${name}_words ${quote(quoteWords(words, quote))}`;
}

function namesOf(flags: CommandLine['flags']): string[] {
  return flags.flatMap(({ names }) => names);
}
