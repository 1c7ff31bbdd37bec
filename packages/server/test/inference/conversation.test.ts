import { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Conversation } from '../../src/inference/conversation.ts';
import { encodeFrame } from '../../src/inference/framing.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A channel whose other side says what it is told to, and takes whatever it hears. */
function openChannel(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
}

describe('a conversation', () => {
  test('keeps nothing of an answer, or of who asked, until the next one', async () => {
    const channel = openChannel();
    const conversation = new Conversation(
      channel,
      (error) => expect(error).toBeUndefined(),
      () => {},
    );
    /** Asks and is answered; nothing of it is left in here. */
    const ask = async (): Promise<WeakRef<object>[]> => {
      const question = { asked: new Uint8Array(1024) };
      const answered = conversation.expect(() => (payload) => ({ payload, question }));
      for (const part of encodeFrame({ kind: 'ran' }, [new Uint8Array(1024).fill(1)])) {
        channel.push(part);
      }
      const answer = await answered;
      expect(answer.payload[1023]).toBe(1);
      return [new WeakRef(question), new WeakRef(answer), new WeakRef(answer.payload)];
    };
    const references = await ask();
    await new Promise((resolve) => setTimeout(resolve, 10));
    collectGarbage();
    expect(references.map((reference) => reference.deref())).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    conversation.end(new Error('over'));
  });
});
