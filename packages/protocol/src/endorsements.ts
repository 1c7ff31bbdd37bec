import type { CborReader, Reading } from './encoding/cbor-reader.ts';
import type { CborWriter } from './encoding/cbor-writer.ts';
import { malformed, ProtocolError } from './errors.ts';
import { limits } from './limits.ts';

/**
 * What verification needs besides the evidence, as the server sends it: for DCAP the map of `/collateral`
 * (`version` and texts), elsewhere byte strings. Which members there must be is for the verifier to say.
 */
export type Endorsements = Readonly<Record<string, string | number | Uint8Array>>;

/** More members than any format has. */
const maxMembers = 32;

export function writeEndorsements(writer: CborWriter, endorsements: Endorsements): void {
  const members = Object.entries(endorsements);
  writer.map(members.length);
  for (const [name, value] of members) {
    writer.text(name);
    if (typeof value === 'string') writer.text(value);
    else if (typeof value === 'number') writer.uint(value);
    else writer.bytes(value);
  }
}

/** Reads a flat map of texts, unsigned integers and byte strings, each name once. */
export function* readEndorsements(reader: CborReader): Reading<Endorsements> {
  const count = yield* reader.map('endorsements');
  const members = new Map<string, string | number | Uint8Array>();
  for (let member = 0; member < count; member += 1) {
    const name = yield* reader.text('the name of an endorsement', limits.maxNameBytes);
    if (members.has(name)) throw malformed('an endorsement must be there once');
    if (members.size === maxMembers) {
      throw new ProtocolError('too-large', `endorsements must have at most ${maxMembers} members`);
    }
    members.set(name, yield* reader.scalar('an endorsement', limits.maxAttestationReplyBytes));
  }
  return Object.fromEntries(members);
}
