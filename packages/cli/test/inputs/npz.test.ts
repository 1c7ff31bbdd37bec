import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '@blindai/client';
import { ProtocolError } from '@blindai/protocol';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { FileError, UsageError } from '../../src/exit-codes.ts';
import { parseNpz } from '../../src/inputs/npz.ts';
import { encodeNpy } from '../../src/outputs/npy.ts';
import { encodeNpz } from '../../src/outputs/npz.ts';
import { mutations } from '../mutations.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const tensor = (name: string, ...elements: number[]): Tensor =>
  Tensor.from(Float32Array.from(elements), name);
const array = encodeNpy(tensor('', 1, 2, 3));

/** An archive of any members. */
async function zip(
  members: Readonly<Record<string, Uint8Array>>,
  options: { level?: number; password?: string } = {},
): Promise<Uint8Array> {
  const archive = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, ...options });
  for (const [name, bytes] of Object.entries(members))
    await archive.add(name, new Uint8ArrayReader(bytes));
  return archive.close();
}

/** The archive with each occurrence of a text, in both of its directories, replaced by one as long. */
function renamed(file: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(file).toString('latin1').replaceAll(from, to), 'latin1');
}

describe('a .npz file', () => {
  test('is written and read', async () => {
    const tensors = [
      tensor('scores', 1, 2),
      Tensor.from({ data: BigInt64Array.of(5n), shape: [] }, 'a/b:0'),
    ];
    expect(await parseNpz(await encodeNpz(tensors))).toEqual(tensors);
  });

  test('whose arrays NumPy named gives them in order, without a name', async () => {
    const read = await parseNpz(await zip({ 'arr_0.npy': array, 'arr_1.npy': array }));
    expect(read.map(({ name }) => name)).toEqual(['', '']);
    const others = await parseNpz(await zip({ 'arr_0.npy': array, 'mask.npy': array }));
    expect(others.map(({ name }) => name)).toEqual(['arr_0', 'mask']);
  });

  test('gives outputs a name of their own where theirs is none for a file', async () => {
    const names = ['', '../../x', '/x', 'x\u0000', String.raw`..\x`, 'x', 'x', 'output_8', ''];
    const read = await parseNpz(await encodeNpz(names.map((name) => tensor(name, 1))));
    expect(read.map(({ name }) => name)).toEqual([
      'output_0',
      'output_1',
      'output_2',
      'output_3',
      'output_4',
      'x',
      'x_',
      'output_8',
      'output_8_',
    ]);
  });

  test.each<[string, () => Promise<Uint8Array>, string]>([
    ['something else', async () => Uint8Array.of(1, 2, 3), 'damaged, or no zip archive'],
    ['no member', () => zip({}), '0 members'],
    [
      '257 members',
      () => zip(Object.fromEntries([...Array(257).keys()].map((at) => [`${at}.npy`, array]))),
      '257 members',
    ],
    ['another kind of member', () => zip({ 'a\n.txt': array }), String.raw`"a\n.txt"`],
    ['a folder', () => zip({ 'a.npy/': new Uint8Array() }), 'no .npy file'],
    ['a member that is no array', () => zip({ 'a.npy': Uint8Array.of(1) }), 'member "a"'],
    [
      'two members of one name',
      async () => renamed(await zip({ 'a.npy': array, 'b.npy': array }), 'b.npy', 'a.npy'),
      'two members',
    ],
    ['a password', () => zip({ 'a.npy': array }, { password: 'x' }), 'encrypted'],
  ])('with %s is refused', async (_what, make, reason) => {
    const refusal: unknown = await parseNpz(await make()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(String(refusal)).toContain(reason);
  });

  test('with an array that cannot be a tensor is refused', async () => {
    const booleans = encodeNpy(
      Tensor.from({ data: Uint8Array.of(1), shape: [1], datatype: 'BOOL' }),
    );
    booleans[booleans.length - 1] = 2;
    await expect(parseNpz(await zip({ 'a.npy': booleans }))).rejects.toThrow(ProtocolError);
  });

  test('with a changed element is refused by its checksum, stored or compressed', async () => {
    for (const level of [0, 6]) {
      const file = await zip({ 'a.npy': encodeNpy(tensor('', ...Array(100).keys())) }, { level });
      const changed = Uint8Array.from(file);
      changed[200]! ^= 1;
      await expect(parseNpz(file)).resolves.toHaveLength(1);
      await expect(parseNpz(changed)).rejects.toThrow(UsageError);
    }
  });

  test('that ends too early is refused, wherever', async () => {
    const file = await zip({ 'a.npy': array });
    for (let length = 0; length < file.length; length += 1)
      await expect(parseNpz(file.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        UsageError,
      );
  });

  test('that holds too much is refused before it is inflated', async () => {
    const file = await zip({
      'a.npy': new Uint8Array(1_000_000),
      'b.npy': new Uint8Array(1_000_000),
    });
    expect(file.length).toBeLessThan(10_000);
    await expect(parseNpz(file, 1_999_999)).rejects.toThrow(FileError);
    await expect(parseNpz(file, 1_999_999)).rejects.toThrow('more than 1999999 bytes');
    await expect(parseNpz(file, 2_000_000)).rejects.toThrow('do not begin');
  });

  test('that holds more than its directory says is refused', async () => {
    const file = Buffer.from(await zip({ 'a.npy': new Uint8Array(1_000_000) }));
    const entry = file.lastIndexOf('PK\u0001\u0002', undefined, 'latin1');
    expect(file.readUInt32LE(entry + 24)).toBe(1_000_000);
    file.writeUInt32LE(100, entry + 24);
    await expect(parseNpz(file)).rejects.toThrow(/damaged.*size/);
  });

  test('changed anywhere is read or refused, and nothing else', async () => {
    const file = await zip({ 'a.npy': array, 'b.npy': array });
    let refused = 0;
    for (const changed of mutations(file, 2_000)) {
      const outcome: unknown = await parseNpz(changed).catch((error: unknown) => error);
      if (Array.isArray(outcome)) continue;
      refused += 1;
      expect(
        [UsageError, FileError, ProtocolError].some((kind) => outcome instanceof kind),
        String(outcome),
      ).toBe(true);
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});

describe.runIf(pythonAvailable('numpy'))('NumPy', () => {
  const folder = temporaryFolder();

  test('writes what is read', async () => {
    python(
      `
import numpy
numpy.savez('named.npz', x=numpy.arange(6, dtype='f4').reshape(2, 3), y=numpy.array(7))
numpy.savez_compressed('ordered.npz', numpy.zeros((100, 100)), numpy.array([True]))
print('null')`,
      folder.path,
    );
    const [x, y] = await parseNpz(readFileSync(join(folder.path, 'named.npz')));
    expect(x).toMatchObject({ name: 'x', datatype: 'FP32', shape: [2, 3] });
    expect(y).toMatchObject({
      name: 'y',
      datatype: 'INT64',
      shape: [],
      data: BigInt64Array.of(7n),
    });
    const ordered = await parseNpz(readFileSync(join(folder.path, 'ordered.npz')));
    expect(ordered.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual([
      { name: '', datatype: 'FP64', shape: [100, 100] },
      { name: '', datatype: 'BOOL', shape: [1] },
    ]);
  });

  test('reads what is written', async () => {
    folder.write('out.npz', await encodeNpz([tensor('scores:0', 1, 2), tensor('', 3)]));
    const read = python(
      `
import json, numpy
arrays = numpy.load('out.npz')
print(json.dumps({name: arrays[name].tolist() for name in arrays}))`,
      folder.path,
    );
    expect(read).toEqual({ 'scores:0': [1, 2], output_1: [3] });
  });
});
