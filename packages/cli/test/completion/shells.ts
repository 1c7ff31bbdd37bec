import { execFileSync } from 'node:child_process';

/** What a shell offers after a line is typed so far, sorted. */
export type Shell = (script: string, line: string, folder: string) => string[];

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, TERM: 'dumb' },
  });
}

function sorted(candidates: Iterable<string>): string[] {
  return [...new Set(candidates)].filter((each) => each !== '').sort();
}

/** Calls the function that the script registers, as bash does: with the words of the line in an array. */
const bash: Shell = (script, line, folder) => {
  const words = line.replaceAll('=', ' = ').split(/ +/);
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `source '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
    $(complete -p blindai | sed 's/.*-F \\([^ ]*\\) .*/\\1/') 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return sorted(run('bash', ['--norc', '-c', ask], folder).split('\n'));
};

/** Fish prints what it would offer, with descriptions behind tabs. */
const fish: Shell = (script, line, folder) => {
  const printed = run('fish', ['-N', '-c', `source '${script}'; complete -C '${line}'`], folder);
  return sorted(printed.split('\n').map((each) => each.split('\t')[0]!));
};

/** Zsh completes on a terminal only: it gets one, and tells what it adds to the list. */
const zsh: Shell = (script, line, folder) => {
  const ask = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'PROMPT=; autoload -Uz compinit && compinit -D -u; source ${script}'
    zpty -w shell 'told() { compadd() { local -a own; builtin compadd -O own "$@"; print -l -- "<one>"\${^own}"</one>"; builtin compadd "$@" }; _main_complete; print "<end>" }; zle -C told list-choices told; bindkey "^I" told; print "<rea""dy>"'
    while zpty -r shell seen; do [[ $seen == *"<ready>"* ]] && break; done
    zpty -w -n shell '${line}'$'\\t'
    while zpty -r shell seen; do print -r -- $seen; [[ $seen == *"<end>"* ]] && break; done
    zpty -d shell`;
  const printed = run('zsh', ['-f', '-c', ask], folder);
  return sorted(
    [...printed.matchAll(/<one>([^\r\n]*)<\/one>/g)].map(([, candidate]) => candidate!),
  );
};

/** The shells that scripts are made for. */
export const shells: Readonly<Record<'bash' | 'zsh' | 'fish', Shell>> = { bash, zsh, fish };
