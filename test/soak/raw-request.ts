import type { Socket } from 'node:net';
import { encodeRun } from '@blindai/protocol';
import { openTls } from '../../packages/server/test/raw-socket.ts';
import type { Target } from './target.ts';

/** A connection to the attested port that says nothing yet. */
export async function openAttested({ server }: Target): Promise<Socket> {
  return openTls(server.ports.attested);
}

/** The head of a request, up to its body. */
export function headOf(path: string, length: number): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: ${length}\r\n\r\n`,
  );
}

/** A whole request for a run with one input. */
export function runRequest(modelId: string, name: string, input: BigInt64Array): Buffer {
  const tensor = {
    name,
    datatype: 'INT64',
    shape: [input.length],
    bytes: new Uint8Array(input.buffer),
  } as const;
  const body = Buffer.concat(encodeRun({ modelId, modelHash: null, inputs: [tensor] }));
  return Buffer.concat([headOf('/run', body.length), body]);
}
