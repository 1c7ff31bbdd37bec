import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytesOfFile, type ByteSource } from '../../../src/runner/inspection/byte-source.ts';
import {
  constant,
  graph,
  localFunction,
  model,
  modelOf,
  node,
  subgraph,
} from '../../onnx/build.ts';
import { classifier, loop, zeros } from '../../onnx/models.ts';
import { Message } from '../../onnx/protobuf.ts';
import { randomNumbers } from '../../random-numbers.ts';
import { judge } from './judge.ts';

/** One model in which there is something of everything that the inspection follows. */
function everything(): Uint8Array {
  const words = new Message().varint(1, 2).varint(2, 8).text(6, 'a').text(6, 'b').text(8, 'words');
  const typed = new Message()
    .varint(1, 2)
    .varint(2, 7)
    .bytes(7, Uint8Array.of(1, 0x80, 1));
  const indices = new Message().varint(1, 1).varint(2, 7).bytes(9, new Uint8Array(8));
  const sparse = new Message()
    .message(1, constant('s', 'FP32', [1], new Uint8Array(4)))
    .message(2, indices)
    .varint(3, 4);
  const inner = graph({ nodes: [node('Identity', ['x'], ['y'])], inputs: [], outputs: [] });
  const body = graph({
    nodes: [
      node('If', ['c'], ['y'], [subgraph('then_branch', inner), subgraph('else_branch', inner)]),
      node('F', ['x'], ['y']).text(7, 'l'),
      node('Constant', [], ['k'], [new Message().text(1, 'value').message(5, typed)]),
    ],
    inputs: [],
    outputs: [],
    constants: [constant('w', 'FP32', [2, 2], new Uint8Array(16)), words],
  }).message(15, sparse);
  return modelOf(body, { functions: [localFunction('l', 'F', [node('Identity', ['a'], ['b'])])] });
}

/** Hands out so many bytes at once. */
function inPieces(bytes: Uint8Array, most: number): ByteSource {
  return {
    length: bytes.length,
    // The first piece holds what tells formats apart, as every source does.
    from: (at) => bytes.slice(at, at + (at === 0 ? Math.max(most, 12) : most)),
  };
}

const verdict = /^(?:taken$|model-refused: [\x20-\x7e]{1,400}$)/;
const models = { classifier: classifier(), loop: loop(), zeros: zeros(), everything: everything() };

describe.each(Object.entries(models))('whatever becomes of the bytes of %s', (_, whole) => {
  test('it is taken as it is', () => expect(judge(whole)).toBe('taken'));

  test('truncated anywhere, there is a verdict', () => {
    // The graph comes before the sets of operators, without which there is no model.
    const operators = whole.findLastIndex((byte) => byte === 0x42);
    for (let length = 0; length < whole.length; length++) {
      const found = judge(whole.subarray(0, length));
      expect(found).toMatch(verdict);
      if (length <= operators) expect(found).not.toBe('taken');
    }
  });

  test('with bytes changed, removed, inserted and moved, there is a verdict, however they arrive', () => {
    const random = randomNumbers(whole.length);
    for (let round = 0; round < 10_000; round++) {
      const bytes = [...whole];
      for (let changes = 1 + random(4); changes > 0; changes--) {
        const at = random(bytes.length);
        const some = random(8);
        if (some < 4) bytes[at] = random(256);
        else if (some === 4) bytes.splice(at, 1 + random(3));
        else if (some === 5) bytes.splice(at, 0, random(256));
        else if (some === 6) bytes.splice(at, 0, ...bytes.slice(random(bytes.length)).slice(0, 16));
        else bytes[at] = (bytes[at]! ^ (1 << random(8))) & 0xff;
      }
      const mutant = Uint8Array.from(bytes);
      const found = judge(mutant);
      expect(found).toMatch(verdict);
      if (round % 10 === 0) expect(judge(inPieces(mutant, 1 + random(7)))).toBe(found);
    }
  });

  test('noise gets a verdict', () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: random(64) }, () => random(256));
      expect(judge(bytes)).toMatch(/^model-refused: [\x20-\x7e]{1,400}$/);
    }
  });
});

function fileOf(bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-test-'));
  writeFileSync(join(folder, 'model'), bytes);
  const descriptor = openSync(join(folder, 'model'), 'r');
  onTestFinished(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });
  return descriptor;
}

describe('a file', () => {
  const large = model({
    nodes: [node('Late', [], [], [new Message().text(1, 'ep_cache_context')])],
    inputs: [],
    outputs: [],
    constants: [constant('w', 'UINT8', [200_000], new Uint8Array(200_000))],
  });

  test('is judged as its bytes are, though never held as a whole', () => {
    expect(judge(bytesOfFile(fileOf(large), large.length))).toBe(judge(large));
    expect(judge(large)).toMatch('name a file');
  });
  test('that became shorter is an error of its own', () => {
    const descriptor = fileOf(new Uint8Array());
    expect(() => judge(bytesOfFile(descriptor, 10))).toThrow('the file became shorter');
  });
  test('is read no further than it is said to be', () => {
    const [whole, rest] = [classifier(), Buffer.from('behind it')];
    const descriptor = fileOf(Buffer.concat([whole, rest]));
    expect(judge(bytesOfFile(descriptor, whole.length))).toBe('taken');
  });
});
