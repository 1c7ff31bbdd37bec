import { readWhole } from '../encoding/cbor-message.ts';
import { CborWriter } from '../encoding/cbor-writer.ts';
import { readEndorsements, writeEndorsements, type Endorsements } from '../endorsements.ts';
import { limits } from '../limits.ts';

/** What `GET :9923/` and `GET :9923/quote` answer: one CBOR byte string. */
export function encodeByteString(bytes: Uint8Array): Uint8Array {
  return new CborWriter().bytes(bytes).whole();
}

/** @throws {ProtocolError} `malformed` or `too-large`. */
export function decodeByteString(bytes: Uint8Array): Uint8Array {
  return readWhole('the reply', bytes, (reader) =>
    reader.bytes('the reply', limits.maxAttestationReplyBytes),
  );
}

/** What `GET :9923/collateral` answers: the endorsements as a CBOR map. */
export function encodeCollateral(collateral: Endorsements): Uint8Array {
  const writer = new CborWriter();
  writeEndorsements(writer, collateral);
  return writer.whole();
}

/** @throws {ProtocolError} `malformed` or `too-large`. */
export function decodeCollateral(bytes: Uint8Array): Endorsements {
  return readWhole('collateral', bytes, readEndorsements);
}
