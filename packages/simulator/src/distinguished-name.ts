import { Name } from './x509.ts';

/** What every simulated certificate says of itself, in its subject and its issuer. */
export const disclaimer = 'BlindAI SIMULATION - protects nothing';

/**
 * A name as Intel writes them, plus one attribute that says what it is worth.
 *
 * Intel's library compares CN, O, L, ST and C with its own, and no other attribute: so these stay
 * the vendor's, in the vendor's order and string types, and the disclaimer is the OU.
 */
export function distinguishedName(commonName: string): Name {
  return new Name([
    { CN: [{ utf8String: commonName }] },
    { OU: [{ utf8String: disclaimer }] },
    { O: [{ utf8String: 'Intel Corporation' }] },
    { L: [{ utf8String: 'Santa Clara' }] },
    { ST: [{ utf8String: 'CA' }] },
    { C: [{ printableString: 'US' }] },
  ]);
}
