import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { available } from './optional.ts';

/** Debian's, which has Debian's packages; another may come first in PATH. */
export const pythonProgram = '/usr/bin/python3';

/** Whether Debian's Python has all of these modules; where not, the reason is printed. */
export function pythonAvailable(...modules: string[]): boolean {
  if (!available(pythonProgram, existsSync(pythonProgram))) return false;
  return modules.every((module) =>
    available(
      `${module} of ${pythonProgram}`,
      spawnSync(pythonProgram, ['-c', `import ${module}`]).status === 0,
    ),
  );
}

/** Runs a script in a folder and parses what it prints, which must be JSON. */
export function python(script: string, folder: string, input?: unknown): unknown {
  const printed = execFileSync(pythonProgram, ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
  });
  return JSON.parse(printed);
}
