import { toHex, utf8 } from './bytes.ts';
import { sign } from './keys.ts';
import type { Validity } from './validity.ts';

/** How one signed JSON document departs from a good one. */
export interface DocumentOverrides<Document> {
  readonly validity?: Validity;
  /** The key that signs it. Default the TCB signing certificate's. */
  readonly signedBy?: CryptoKey;
  /** Changes what is signed. */
  readonly edit?: (document: Document) => object;
}

/**
 * A document as the vendor's service sends it: `{"NAME":DOCUMENT,"signature":"HEX"}` without white
 * space, where the signature covers the exact bytes of DOCUMENT.
 */
export async function signDocument<Document extends object>(
  name: string,
  document: Document,
  key: CryptoKey,
  overrides: DocumentOverrides<Document> = {},
): Promise<string> {
  const text = JSON.stringify(overrides.edit?.(document) ?? document);
  const signature = await sign(overrides.signedBy ?? key, utf8(text));
  return `{"${name}":${text},"signature":"${toHex(signature)}"}`;
}

/** Takes apart what {@link signDocument} put together, byte for byte. */
export function splitDocument(signed: string): { document: string; signature: string } {
  const parts = /^\{"\w+":(?<document>\{.*\}),"signature":"(?<signature>\w+)"\}$/s.exec(
    signed,
  )?.groups;
  const { document, signature } = parts ?? {};
  if (document === undefined || signature === undefined) {
    throw new TypeError('expected a signed document as the simulator writes it');
  }
  return { document, signature };
}
