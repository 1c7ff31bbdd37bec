import { readFileSync } from 'node:fs';
import {
  decodeRunReply,
  decodeUploadReply,
  encodeDelete,
  encodeRun,
  encodeUpload,
  type RunRequest,
  type TensorBytes,
  type UploadReply,
  type UploadRequest,
} from '@blindai/protocol';

/** Requests of the BlindAI protocol, as its clients and ours send them. */

const examples = new URL('../../../examples/breast-cancer/', import.meta.url);

/** A small real model: `measurements`, FP32 [batch, 30] → `probability`, FP32 [batch]. */
export const model: Uint8Array<ArrayBuffer> = new Uint8Array(
  readFileSync(new URL('breast-cancer.onnx', examples)),
);

export function post(path: string, body: BodyInit, ownerToken?: string): Request {
  return new Request(`https://blindai-srv${path}`, {
    method: 'POST',
    body,
    headers: ownerToken === undefined ? {} : { 'Blindai-Owner-Token': ownerToken },
  });
}

export function uploadBody(
  bytes: Uint8Array<ArrayBuffer> = model,
  changes: Partial<UploadRequest> = {},
): Uint8Array<ArrayBuffer> {
  const { head, tail } = encodeUpload({
    length: bytes.length,
    modelName: 'breast-cancer',
    optimize: true,
    sha256: null,
    batchAcrossCallers: false,
    runner: 'shared',
    ...changes,
  });
  return join([head, bytes, tail]);
}

/** One patient: 30 measurements. */
export function measurements(name: string | null = 'measurements', count = 30): TensorBytes {
  const values = Float32Array.from({ length: count }, (_, at) => at / 10);
  return { name, datatype: 'FP32', shape: [1, count], bytes: new Uint8Array(values.buffer) };
}

export function runBody(request: Partial<RunRequest>): Uint8Array<ArrayBuffer> {
  return join(encodeRun({ modelId: null, modelHash: null, inputs: [measurements()], ...request }));
}

export function deleteBody(modelId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encodeDelete({ modelId }));
}

export async function uploadReplyOf(response: Response): Promise<UploadReply> {
  return decodeUploadReply(new Uint8Array(await response.arrayBuffer()));
}

/** All values of all outputs. */
export async function outputsOf(response: Response): Promise<number[]> {
  const outputs = decodeRunReply(new Uint8Array(await response.arrayBuffer()));
  return outputs.flatMap(({ bytes }) => [...new Float32Array(bytes.slice().buffer)]);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}
