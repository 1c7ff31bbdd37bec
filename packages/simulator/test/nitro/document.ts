import { decode } from 'cborg';

/** What a document holds, by a CBOR library at its strictest. */
export interface NitroDocument {
  readonly protectedHeader: Uint8Array;
  readonly unprotectedHeader: unknown;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly members: ReadonlyMap<string, unknown>;
}

const strict = {
  useMaps: true,
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
};

/** Takes a document apart. */
export function parseDocument(document: Uint8Array): NitroDocument {
  const items = decode(document, strict) as [Uint8Array, unknown, Uint8Array, Uint8Array];
  const [protectedHeader, unprotectedHeader, payload, signature] = items;
  const members = decode(payload, strict) as Map<string, unknown>;
  return { protectedHeader, unprotectedHeader, payload, signature, members };
}

/** The certificates of a document, root first. */
export function certificatesOf({ members }: NitroDocument): Uint8Array[] {
  return [...(members.get('cabundle') as Uint8Array[]), members.get('certificate') as Uint8Array];
}
