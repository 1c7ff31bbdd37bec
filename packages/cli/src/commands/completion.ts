import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { type CommandLine, describeCommandLine } from '../completion/command-line.ts';
import { fishScript } from '../completion/fish.ts';
import { zshScript } from '../completion/zsh.ts';
import type { Context } from './context.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  string,
  (name: string, program: CommandLine) => string
>;

/** `blindai completion SHELL`: prints the script that completes this very program's commands and flags. */
export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print a script that lets a shell complete commands and flags')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
Examples:
  echo 'source <(blindai completion bash)' >> ~/.bashrc
  blindai completion zsh > "\${fpath[1]}/_blindai"
  blindai completion fish > ~/.config/fish/completions/blindai.fish`,
    )
    .action((shell: keyof typeof scripts) => {
      context.out(scripts[shell](program.name(), describeCommandLine(program)));
    });
}
