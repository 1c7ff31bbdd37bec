import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import {
  acceptMissingCrl,
  anyMeasurement,
  anyReportData,
  detectFormat,
  parseManifest,
  type UnmatchedClaims,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { refusal } from '../flaws.ts';

/** What is said of real evidence. */
interface Expected {
  readonly format: string;
  readonly verifyAt: string;
  /** Path of the collateral; absent for SEV-SNP. */
  readonly collateral?: string;
  readonly expect: { readonly defaultPolicy: string; readonly check?: string };
}

const folder = `${sharedFolder}/vectors/azure-vtpm`;
const present = sharedAvailable('vectors/azure-vtpm') && sharedAvailable('vectors/dcap');
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}/${name}`));

function expectedOf(name: string): Expected {
  return JSON.parse(new TextDecoder().decode(read(`${name}.expected.json`))) as Expected;
}

async function judge(
  name: string,
  manifest: string | null = null,
  change = (text: string): string => text,
): Promise<UnmatchedClaims> {
  const { collateral, verifyAt } = expectedOf(name);
  const text = change(new TextDecoder().decode(read(`${name}.json`)));
  const evidence = new TextEncoder().encode(text);
  return verifyAttestation(
    {
      format: detectFormat(evidence),
      evidence,
      endorsements: collateral === undefined ? undefined : read(collateral),
    },
    { [anyReportData]: true },
    {
      anchors: vendorAnchors,
      ...(manifest === null
        ? { [anyMeasurement]: true }
        : { manifest: parseManifest(manifest), [anyMeasurement]: false }),
      [acceptMissingCrl]: true,
    },
    new Date(verifyAt),
  );
}

const outOfDate = 'version = 1\n[intel]\ntcb_statuses = ["OutOfDate"]\n';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The manifest that accepts exactly what evidence says. */
function manifestFor(claims: UnmatchedClaims): string {
  const pcrs = [4, 7, 9, 12].map(
    (index) => `${index} = "${hex(claims.registers[`pcr${index}`]!)}"`,
  );
  return `${outOfDate}[[azure]]\ncovers = ["firmware"]\nmeasurement = "${hex(claims.measurement)}"\n[azure.pcrs]\n${pcrs.join('\n')}\n`;
}

describe.skipIf(!present)('real evidence', () => {
  test('over SEV-SNP is accepted', async () => {
    const name = 'snp-evidence-v0';
    expect(expectedOf(name)).toMatchObject({ expect: { defaultPolicy: 'accept' } });
    const claims = await judge(name);
    expect(claims).toMatchObject({
      format: expectedOf(name).format,
      debug: false,
      details: {
        hardware: { vmpl: 0, product: 'Milan' },
        vmConfiguration: { 'secure-boot': true },
      },
    });
    expect(new TextDecoder().decode(claims.reportData)).toBe('challenge');
    expect(Object.keys(claims.registers)).toHaveLength(24);
    const matched = await judge(name, manifestFor(claims));
    expect(matched.report.checks.find((row) => row.name === 'registers')!.result).toBe('passed');
    const { check } = await refusal(
      judge(name, manifestFor(claims).replace(/12 = "../, '12 = "00')),
    );
    expect(check).toBe('registers');
  });

  test('over TDX is refused for its status, and accepted where that is', async () => {
    const name = 'tdx-evidence-v0';
    const { check, report } = await refusal(judge(name));
    expect(check).toBe(expectedOf(name).expect.check);
    expect(report).toMatchObject({ tcbStatus: 'OutOfDate', debug: false });
    expect(Buffer.from(report.reportData!, 'hex').toString()).toBe('challenge');
    const policy = { [anyMeasurement]: true, anchors: vendorAnchors } as const;
    const claims = await verifyAttestation(
      {
        format: 'azure-tdx-vtpm',
        evidence: read(`${name}.json`),
        endorsements: read(expectedOf(name).collateral!),
      },
      { [anyReportData]: true },
      { ...policy, manifest: parseManifest(outOfDate) },
      new Date(expectedOf(name).verifyAt),
    );
    expect(claims.tcb.status).toBe('OutOfDate');
    const matched = await judge(name, manifestFor(claims));
    expect(matched.report.checks.find((row) => row.name === 'registers')!.result).toBe('passed');
  });

  test.each<[string, string, (text: string) => string]>([
    ['a digit of a PCR', 'pcr-digest', (text) => text.replace(/(?<="pcrs":\s*\[\s*\[\s*)\d+/, '0')],
    [
      'a digit of the message',
      'tpm-quote-signature',
      (text) => text.replace(/104,(\s*)97,(\s*)108,/, '104,$196,$2108,'),
    ],
    ['the magic', 'tpm-quote', (text) => text.replace(/("message":\s*\[\s*)255/, '$1254')],
    [
      'a digit of the signature',
      'tpm-quote-signature',
      (text) => text.replace(/("signature":\s*\[\s*\d+,\s*)\d+/, '$10'),
    ],
  ])('over SEV-SNP with %s changed: %s', async (_, check, change) => {
    expect((await refusal(judge('snp-evidence-v0', null, change))).check).toBe(check);
  });
});
