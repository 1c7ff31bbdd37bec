import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { addCompletion } from '../../src/commands/completion.ts';
import type { Context } from '../../src/commands/context.ts';
import { run } from '../../src/program.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { shells } from './shells.ts';

const folder = temporaryFolder();
const names = Object.keys(shells) as (keyof typeof shells)[];

/** A context that keeps what is printed. */
function recording(): Context & { printed: () => string } {
  let out = '';
  return {
    environment: {},
    out: (text) => (out += text),
    err: () => {},
    paint: (_colour, text) => text,
    columns: null,
    terminal: process.stderr,
    exit: () => {},
    printed: () => out,
  };
}

async function scriptOf(shell: string): Promise<string> {
  const context = recording();
  expect(await run(['completion', shell], context)).toBe(0);
  return context.printed();
}

test.each(names)('the script for %s names every command and flag of the help', async (shell) => {
  const script = await scriptOf(shell);
  const visit = async (path: readonly string[]): Promise<number> => {
    const context = recording();
    await run([...path, '--help'], context);
    const help = context.printed();
    for (const [, flag] of help.matchAll(/^ {2}(?:-\w, )?--([a-z0-9-]+)/gm))
      expect(script, `${path.join(' ')} --${flag}`).toMatch(
        new RegExp(shell === 'fish' ? ` -l ${flag} ` : `--${flag}\\b`),
      );
    const commands = help.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '';
    let count = 1;
    for (const [, name] of commands.matchAll(/^ {2}([a-z-]+)/gm)) {
      expect(script).toContain(name);
      if (name !== 'help') count += await visit([...path, name!]);
    }
    return count;
  };
  expect(await visit([])).toBeGreaterThan(10);
});

test('other shells are refused', async () => {
  expect(await run(['completion', 'tcsh'], recording())).toBe(64);
});

describe.each(names)('%s', (shell) => {
  const present = available(shell, spawnSync(shell, ['--version']).status === 0);

  test.runIf(present).each<[string, string[]]>([
    ['blindai ev', ['evidence']],
    ['blindai evidence v', ['verify']],
    ['blindai verify localhost --mani', ['--manifest', '--manifest-sha256']],
    ['blindai evidence verify --no', ['--nonce']],
    ['blindai run localhost ID --layout n', ['nchw', 'nhwc']],
    ['blindai run --simulation --layout=nc', shell === 'fish' ? ['--layout=nchw'] : ['nchw']],
    ['blindai completion ', ['bash', 'fish', 'zsh']],
    ['blindai upload localhost my', ['my model.onnx']],
    ['blindai verify --write-cert my', ['my model.onnx']],
    ['blindai run --crop my', []],
    ['blindai run localhost my', []],
  ])('offers after "%s" %j', async (line, candidates) => {
    folder.write('my model.onnx', '');
    const script = folder.write(`completion.${shell}`, await scriptOf(shell));
    expect(shells[shell](script, line, folder.path)).toEqual(candidates);
  });

  test.runIf(present)('takes words with signs of its own', () => {
    const program = new Command('blindai');
    program
      .command('it')
      .description(`it's [a] "$(touch made)": \`touch made\` \\`)
      .addOption(
        new Option('--of <kind>', `'; touch made; [x]:y\\`).choices(["a'b", 'a$(touch made)']),
      );
    const context = recording();
    addCompletion(program, context);
    program.parse(['completion', shell], { from: 'user' });
    const script = folder.write(`signs.${shell}`, context.printed());
    expect(shells[shell](script, 'blindai i', folder.path)).toEqual(['it']);
    expect(shells[shell](script, 'blindai it --o', folder.path)).toEqual(['--of']);
    const values = shells[shell](script, 'blindai it --of a', folder.path);
    expect(values.map((value) => value.replaceAll('\\', ''))).toEqual(['a$(touch made)', "a'b"]);
    expect(readdirSync(folder.path)).not.toContain('made');
  });
});
