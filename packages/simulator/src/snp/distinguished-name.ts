import { disclaimer } from '../distinguished-name.ts';
import { Name } from '../x509.ts';

/** A name as AMD writes them, in AMD's order and string types; the disclaimer is the OU, AMD's "Engineering". */
export function amdName(commonName: string): Name {
  return new Name([
    { OU: [{ utf8String: disclaimer }] },
    { C: [{ printableString: 'US' }] },
    { L: [{ utf8String: 'Santa Clara' }] },
    { ST: [{ utf8String: 'CA' }] },
    { O: [{ utf8String: 'Advanced Micro Devices' }] },
    { CN: [{ utf8String: commonName }] },
  ]);
}
