import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { longBytes, longCrl, longTexts } from '../outsized.ts';
import { textMember, evidence, hexBytes, type Lens, pemBlock } from '../part.ts';
import type { Seed } from '../seed.ts';
import type { Submission } from '../submission.ts';
import { pckChain } from './parts.ts';

const maxQuoteLength = 16 * 1024;

/** Quotes, members of collateral, and collateral as text, as long as can be. */
export function outsizedDcap({ submission }: Seed): readonly (readonly [string, Submission])[] {
  const quotes = [maxQuoteLength, maxQuoteLength + 1].flatMap((length) =>
    longBytes(submission.evidence, length),
  );
  return [
    ...quotes.map(([name, quote]): [string, Submission] => [
      `quote of ${name}`,
      evidence.write(submission, quote),
    ]),
    ...longTexts('CERTIFICATE').map(([name, text]): [string, Submission] => [
      `PCK chain of ${name}`,
      pckChain(evidence).write(submission, text),
    ]),
    ...outsizedCollateral(submission),
  ];
}

/** Members of collateral, and collateral as text, as long as can be. */
export function outsizedCollateral(
  submission: Submission,
): readonly (readonly [string, Submission])[] {
  const { endorsements } = submission;
  const crl: Lens<Bytes> =
    'version' in (endorsements as object)
      ? pemBlock(textMember('pck_crl'), 0)
      : hexBytes(textMember('pck_crl'));
  const lengths = [100_000, 700_000];
  return [
    ...['pck_crl_issuer_chain', 'tcb_info'].flatMap((member) =>
      longTexts('CERTIFICATE').map(([name, text]): [string, Submission] => [
        `${member} of ${name}`,
        textMember(member).write(submission, text),
      ]),
    ),
    ...longTexts('CERTIFICATE').map(([name, text]): [string, Submission] => [
      `collateral of ${name}`,
      { ...submission, endorsements: text },
    ]),
    ...lengths.map((length): [string, Submission] => [
      `CRL of ${length} bytes`,
      crl.write(submission, longCrl(crl.read(submission)!, length)),
    ]),
  ];
}
