import { describe, expect, it } from 'vitest';
import { decodeAttestationReply, encodeAttestationReply } from '../src/attestation-reply.ts';
import { decodeDelete, encodeDelete } from '../src/blindai/delete.ts';
import { decodeErrorText, encodeErrorText } from '../src/blindai/error-text.ts';
import { decodeRun, encodeRun } from '../src/blindai/run.ts';
import { UploadDecoder } from '../src/blindai/upload-decoder.ts';
import { encodeUpload, encodeUploadChunkHead, encodeUploadHead } from '../src/blindai/upload.ts';
import { encodeUploadTail, type UploadRequest } from '../src/blindai/upload.ts';
import { ProtocolError } from '../src/errors.ts';
import { decodeErrorJson, encodeErrorJson } from '../src/open-inference/error-json.ts';
import { decodeModelMetadata, encodeModelMetadata } from '../src/open-inference/model-metadata.ts';
import {
  decodeRepositoryIndex,
  decodeRepositoryIndexRequest,
  encodeRepositoryIndex,
  encodeRepositoryIndexRequest,
} from '../src/open-inference/repository-index.ts';
import { hex } from './hex.ts';
import { createRandom, mutate } from './random.ts';

const mutations = 5_000;

const upload: UploadRequest = {
  length: 5,
  modelName: 'm',
  optimize: true,
  sha256: new Uint8Array(32),
  batchAcrossCallers: false,
  runner: 'shared',
};
const { head, tail } = encodeUpload(upload);
const model = hex('00 17 18 19 ff');
const indefiniteTail = encodeUploadTail(upload, true);
const clientInfo = Buffer.concat([hex('6b'), Buffer.from('client_info'), hex('bf6161f97e00ff')]);
const legacy = Buffer.concat([
  hex('a8'),
  head.subarray(1, 7),
  hex('9f 00 17 1818 1819 18ff'),
  indefiniteTail,
  clientInfo,
]);
const reply = {
  format: 'sgx-dcap',
  evidence: new Uint8Array(9),
  endorsements: { version: 3, crl: 'x', der: new Uint8Array(3) },
  certificate: new Uint8Array(5),
  keyset: new Uint8Array(5),
} as const;
const identity = { name: 'm', hash: '0f'.repeat(32), state: 'ready', reason: '' } as const;
const x = { name: 'x', datatype: 'FP32', shape: [-1, 30] } as const;

function decodeUpload(body: Uint8Array): void {
  let received = 0;
  const decoder = new UploadDecoder({
    maxModelBytes: 1000,
    onModelBytes: (bytes) => (received += bytes.length),
  });
  for (let at = 0; at < body.length; at += 7) decoder.push(body.subarray(at, at + 7));
  expect(decoder.end().length).toBe(received);
}

describe('a message after random changes is decoded or refused, and nothing else', () => {
  const cases: Record<string, [Uint8Array, (bytes: Uint8Array) => unknown]> = {
    upload: [Buffer.concat([head, model, tail]), decodeUpload],
    'upload in pieces': [
      Buffer.concat([encodeUploadHead(null), encodeUploadChunkHead(5), model, indefiniteTail]),
      decodeUpload,
    ],
    'upload as BlindAI writes it': [legacy, decodeUpload],
    run: [
      Buffer.concat([
        ...encodeRun({
          modelId: 'id',
          modelHash: null,
          inputs: [{ name: 'x', datatype: 'INT16', shape: [1, 2], bytes: new Uint8Array(4) }],
        }),
      ]),
      decodeRun,
    ],
    deletion: [encodeDelete({ modelId: 'id' }), decodeDelete],
    'error text': [encodeErrorText(new ProtocolError('internal', 'a bug')), decodeErrorText],
    'attestation reply': [
      encodeAttestationReply(reply, 'cbor'),
      (bytes) => decodeAttestationReply(bytes, 'cbor'),
    ],
    'attestation reply in JSON': [
      encodeAttestationReply(reply, 'json'),
      (bytes) => decodeAttestationReply(bytes, 'json'),
    ],
    'error in JSON': [encodeErrorJson(new ProtocolError('internal', 'a bug')), decodeErrorJson],
    "a model's metadata": [
      encodeModelMetadata({ askedFor: 'id', ...identity, inputs: [x], outputs: [x] }),
      decodeModelMetadata,
    ],
    'what asks for the index': [
      encodeRepositoryIndexRequest({ readyOnly: true }),
      decodeRepositoryIndexRequest,
    ],
    'a list of models': [encodeRepositoryIndex([{ id: 'id', ...identity }]), decodeRepositoryIndex],
  };

  it.each(Object.entries(cases))('%s', (name, [bytes, decode]) => {
    expect(() => decode(bytes)).not.toThrow();
    const random = createRandom(name.length);
    let refused = 0;
    for (let round = 0; round < mutations; round += 1) {
      const mutated = mutate(bytes, random);
      try {
        decode(mutated);
      } catch (error) {
        if (!(error instanceof ProtocolError)) {
          throw new Error(`mutation ${Buffer.from(mutated).toString('hex')}`, { cause: error });
        }
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(mutations / 10);
  });
});
