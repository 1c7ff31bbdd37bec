import { outsizedCollateral } from '../dcap/outsized.ts';
import { longBytes, longTexts } from '../outsized.ts';
import type { Seed } from '../seed.ts';
import { outsizedEndorsements } from '../snp/outsized.ts';
import type { Submission } from '../submission.ts';
import { bytesAt, runtimeClaims, stringAt, text } from './parts.ts';

type Outsized = readonly (readonly [string, Submission])[];

/** Evidence and endorsements over SNP, as long as can be. */
export function outsizedAzureSnp(seed: Seed): Outsized {
  const { submission } = seed;
  return [
    ...outsizedVtpm(submission, { quote: 'quote', report: 'report' }),
    ...longTexts('CERTIFICATE').map(([name, pem]): [string, Submission] => [
      `vcek of ${name}`,
      stringAt('vcek').write(submission, pem),
    ]),
    ...outsizedEndorsements(submission),
  ];
}

/** The same over TDX. */
export function outsizedAzureTdx({ submission }: Seed): Outsized {
  const quote = bytesAt('td_quote');
  return [
    ...outsizedVtpm(submission, { quote: 'tpm_quote', report: 'hcl_report' }),
    ...[16_384, 16_385, 60_000].flatMap((length) =>
      longBytes(quote.read(submission)!, length).map(([name, bytes]): [string, Submission] => [
        `TD quote of ${name}`,
        quote.write(submission, bytes),
      ]),
    ),
    ...outsizedCollateral(submission),
  ];
}

function outsizedVtpm(
  submission: Submission,
  names: { readonly quote: string; readonly report: string },
): Outsized {
  const report = bytesAt(names.report);
  const message = bytesAt(names.quote, 'message');
  const source = text.read(submission)!;
  const evidenceTexts: readonly (readonly [string, string])[] = [
    ...longTexts('CERTIFICATE'),
    ['512 KiB with spaces', source.padEnd(512 * 1024, ' ')],
    ['more than 512 KiB with spaces', source.padEnd(512 * 1024 + 1, ' ')],
    ['512 KiB of numbers', `{"a":[${'0,'.repeat(262_130)}0]}`],
    ['512 KiB of empty strings', `{"a":[${'"",'.repeat(174_000)}0]}`],
  ];
  return [
    ...evidenceTexts.map(([name, long]): [string, Submission] => [
      `evidence of ${name}`,
      text.write(submission, long),
    ]),
    ...[8 * 1024, 8 * 1024 + 1].flatMap((length) =>
      longBytes(report.read(submission)!, length).map(([name, bytes]): [string, Submission] => [
        `HCL report of ${name}`,
        report.write(submission, bytes),
      ]),
    ),
    ...[1024, 1025].flatMap((length) =>
      longBytes(message.read(submission)!, length).map(([name, bytes]): [string, Submission] => [
        `TPM quote of ${name}`,
        message.write(submission, bytes),
      ]),
    ),
    [
      'runtime claims of 6 KiB',
      runtimeClaims(report).write(submission, `{"keys":[${'{},'.repeat(2000)}{}]}`),
    ],
  ];
}
