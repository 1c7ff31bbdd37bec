import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '@blindai/client';
import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { FileError, UsageError } from '../../src/exit-codes.ts';
import { parseNpy } from '../../src/inputs/npy.ts';
import { parseNpz } from '../../src/inputs/npz.ts';
import { parseOutputPath, writeOutputs } from '../../src/outputs/write-outputs.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
const scores = Tensor.from(Float32Array.of(1, 2), 'scores');
const boxes = Tensor.from(Int32Array.of(3), 'boxes');

const path = (name: string): string => join(folder.path, name);

describe('outputs', () => {
  test('the only one as .npy, all as .npz', async () => {
    await writeOutputs(path('one.npy'), [scores]);
    expect(parseNpy(readFileSync(path('one.npy')))).toEqual(Tensor.from(scores, ''));
    await writeOutputs(path('all.npz'), [scores, boxes]);
    expect(await parseNpz(readFileSync(path('all.npz')))).toEqual([scores, boxes]);
  });

  test.each([[[]], [[scores, boxes]]])('several or none are not for .npy', async (outputs) => {
    const refusal = writeOutputs(path('several.npy'), outputs);
    await expect(refusal).rejects.toThrow(UsageError);
    await expect(refusal).rejects.toThrow('name the file .npz');
  });

  test('a file that cannot be written is named', async () => {
    const refusal = writeOutputs(join(folder.path, 'absent', 'a.npz'), [scores]);
    await expect(refusal).rejects.toThrow(FileError);
    await expect(refusal).rejects.toThrow('a.npz: no such file');
  });

  test('go to .npy and .npz only', () => {
    expect(parseOutputPath('a/b.npz')).toBe('a/b.npz');
    for (const name of ['a', 'a.npy.gz', 'npy', '.npy', 'a.NPY'])
      expect(() => parseOutputPath(name), name).toThrow(InvalidArgumentError);
  });
});
