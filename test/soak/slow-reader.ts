import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlindAIClient } from '@blindai/client/node';
import { zeros } from '../../packages/server/test/onnx/models.ts';
import { Chance } from '../fuzz/chance.ts';
import { openAttested, runRequest } from './raw-request.ts';
import { codeOf, openClient, paced, type Lane, type Target } from './target.ts';

/** What is read at once, and how long nothing is read then. */
const gulpBytes = 64 * 1024;
const restMs = 20;

/** Asks for megabytes and takes them as slowly as a bad line would; now and then leaves in the middle. */
export function readSlowly(seed: number): Lane {
  return async (target) => {
    const chance = new Chance(seed);
    const client = await openClient(target.server);
    let modelId = await uploadSomehow(client);
    while (!target.isOver()) {
      const status = await paced(target, async () => readOne(target, modelId, chance));
      // Its process was killed: perhaps for the third time in a row, after which it stays away.
      if (status === 422) {
        await client.deleteModel(modelId);
        modelId = await uploadSomehow(client);
      }
    }
    await client.deleteModel(modelId);
    await client.close();
  };
}

/** Asks once and reads; answers the status, 0 if there was none. */
async function readOne(target: Target, modelId: string, chance: Chance): Promise<number> {
  const { tally, isOver } = target;
  const floats = 200_000 + chance.below(1_000_000);
  const leavesAt = chance.oneIn(3) ? chance.below(4 * floats) : Infinity;
  const socket = await openAttested(target);
  socket.write(runRequest(modelId, 'count', BigInt64Array.of(BigInt(floats))));
  const { head, isWhole, zerosSeen } = await read(socket, leavesAt, isOver);
  socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
  if (status !== 0) tally.hear(String(status));
  if (status === 200) {
    tally.count(isWhole ? 'slow readers with all of it' : 'slow readers that left');
    if (isWhole && zerosSeen < 4 * floats) tally.blame('a slow reader: other bytes');
  } else if ([422, 429, 503].includes(status)) {
    tally.count(`refused to slow readers: ${status}`);
  } else if (!isOver()) {
    tally.blame(`a slow reader: ${JSON.stringify(head.slice(0, 100))}`);
  }
  return status;
}

async function uploadSomehow(client: BlindAIClient): Promise<string> {
  for (;;) {
    try {
      return (await client.uploadModel(zeros())).modelId;
    } catch (error) {
      if (!['model-crashed', 'not-ready', 'too-many-requests'].includes(codeOf(error))) throw error;
    }
  }
}

/** What was read of an answer: its head, and of its body how many bytes are zeros. */
interface Taken {
  readonly head: string;
  readonly isWhole: boolean;
  readonly zerosSeen: number;
}

/** Reads in gulps, up to a number of bytes. */
async function read(socket: Socket, most: number, isOver: () => boolean): Promise<Taken> {
  let head = '';
  let length = Infinity;
  let received = 0;
  let zerosSeen = 0;
  while (!socket.destroyed && received < Math.min(length, most) && !isOver()) {
    for (let taken = 0; taken < gulpBytes;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) break;
      taken += chunk.length;
      let bytes = chunk;
      if (length === Infinity) {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
        bytes = chunk.subarray(chunk.length - (head.length - end - 4));
      }
      received += bytes.length;
      for (const byte of bytes) if (byte === 0) zerosSeen += 1;
    }
    await sleep(restMs);
  }
  return { head, isWhole: received === length, zerosSeen };
}
