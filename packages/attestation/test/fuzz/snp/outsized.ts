import { longBytes, longCrl, longTexts } from '../outsized.ts';
import { bytesMember, textMember, evidence } from '../part.ts';
import type { Seed } from '../seed.ts';
import type { Submission } from '../submission.ts';

/** Reports and endorsements as long as can be. */
export function outsizedSnp({ submission }: Seed): readonly (readonly [string, Submission])[] {
  const reports = [1183, 1185, 100_000].flatMap((length) => longBytes(submission.evidence, length));
  return [
    ...reports
      .filter(([, report]) => Buffer.compare(report, submission.evidence) !== 0)
      .map(([name, report]): [string, Submission] => [
        `report of ${name}`,
        evidence.write(submission, report),
      ]),
    ...outsizedEndorsements(submission),
  ];
}

/** Endorsements as long as can be. */
export function outsizedEndorsements(
  submission: Submission,
): readonly (readonly [string, Submission])[] {
  const crl = bytesMember('crl');
  const genuine = crl.read(submission)!;
  return [
    ...['ek', 'crl'].flatMap((member) =>
      longTexts(member === 'ek' ? 'CERTIFICATE' : 'X509 CRL').map(
        ([name, text]): [string, Submission] => [
          `${member} of ${name}`,
          textMember(member).write(submission, text),
        ],
      ),
    ),
    ...longTexts('CERTIFICATE').flatMap(([name, text]): [string, Submission][] => [
      [`endorsements of ${name}`, { ...submission, endorsements: text }],
      [
        `endorsements of the bytes of ${name}`,
        { ...submission, endorsements: new TextEncoder().encode(text) },
      ],
    ]),
    ...[100_000, 1_000_000, 2_000_000].map((length): [string, Submission] => [
      `CRL of ${length} bytes`,
      crl.write(submission, longCrl(genuine, length)),
    ]),
    ...longBytes(genuine, 1_000_000)
      .filter(([name]) => name !== 'nothing')
      .map(([name, bytes]): [string, Submission] => [
        `CRL of ${name}`,
        crl.write(submission, bytes),
      ]),
  ];
}
