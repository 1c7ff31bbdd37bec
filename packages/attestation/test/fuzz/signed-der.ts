import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { der } from './mutate/der.ts';
import { type Lens, part, signedBody } from './part.ts';
import type { SignedPart } from './seed.ts';
import { signDer } from './sign.ts';
import type { Submission } from './submission.ts';

/** The signed body of a certificate or CRL. @param then - Signs what holds it. */
export function signedDer(
  name: string,
  lens: Lens<Bytes>,
  key: CryptoKey,
  then: (submission: Submission) => Promise<Submission> = async (submission) => submission,
): SignedPart {
  return {
    ...part(`body of the ${name}`, der, signedBody(lens)),
    resign: async (submission) => {
      const found = lens.read(submission);
      return then(found ? lens.write(submission, await signDer(key, found)) : submission);
    },
  };
}
