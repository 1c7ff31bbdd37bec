import { describe, expect, it } from 'vitest';
import {
  decodeRepositoryIndex,
  decodeRepositoryIndexRequest,
  encodeRepositoryIndex,
  encodeRepositoryIndexRequest,
  type IndexedModel,
} from '../../src/open-inference/repository-index.ts';
import { expectRefusal } from '../refusal.ts';

const bytesOf = (json: unknown): Uint8Array =>
  new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));

const models: readonly IndexedModel[] = [
  { id: 'id-1', name: 'm', hash: '0f'.repeat(32), state: 'ready', reason: '' },
  { id: 'id-2', name: '', hash: 'f0'.repeat(32), state: 'quarantined', reason: 'it crashed' },
];
const [first] = JSON.parse(new TextDecoder().decode(encodeRepositoryIndex(models))) as Record<
  string,
  unknown
>[];

describe('a list of models', () => {
  it('names each by its id', () => {
    expect(first).toEqual({
      name: 'id-1',
      state: 'READY',
      reason: '',
      parameters: { name: 'm', hash: '0f'.repeat(32) },
    });
  });

  it('comes back as it was', () => {
    expect(decodeRepositoryIndex(encodeRepositoryIndex(models))).toEqual(models);
    expect(decodeRepositoryIndex(encodeRepositoryIndex([]))).toEqual([]);
  });

  it.each([
    ['{}', 'must be a list'],
    [[7], 'must be an object'],
    [[{ ...first, version: '1' }], 'unknown key'],
    [[{ ...first, name: undefined }], 'must hold "name"'],
    [[{ ...first, state: 'ready' }], '"state" of'],
    [[{ ...first, reason: null }], 'must be a text'],
    [[{ ...first, parameters: [] }], 'must be an object'],
    [[{ ...first, parameters: { name: 'm', hash: 'x' } }], '64 hex digits'],
    [`[${'0,'.repeat(100_000)}0]`, 'at most 100000 elements'],
  ])('is refused as %j', (json, message) => {
    expectRefusal(() => decodeRepositoryIndex(bytesOf(json)), 'malformed', message);
  });
});

describe('what asks for a list of models', () => {
  it('may be nothing at all', () => {
    expect(decodeRepositoryIndexRequest(new Uint8Array())).toEqual({ readyOnly: false });
    expect(decodeRepositoryIndexRequest(bytesOf('{}'))).toEqual({ readyOnly: false });
  });

  it.each([true, false])('comes back as it was: %j', (readyOnly) => {
    const bytes = encodeRepositoryIndexRequest({ readyOnly });
    expect(decodeRepositoryIndexRequest(bytes)).toEqual({ readyOnly });
  });

  it.each([
    ['{"ready":"true"}', 'must be true or false'],
    ['{"ready":true,"owner":"x"}', 'unknown key'],
    ['[]', 'must be an object'],
    ['{"ready":true', 'well-formed'],
  ])('is refused as %s', (json, message) => {
    expectRefusal(() => decodeRepositoryIndexRequest(bytesOf(json)), 'malformed', message);
  });
});
