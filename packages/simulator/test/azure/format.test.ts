import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sharedAvailable } from '../../../../test/support/optional.ts';
import { createAzureMachine } from '../../src/index.ts';
import type { HclHeader, RuntimeClaims } from '../../src/index.ts';
import { encodeHclReport } from '../../src/azure/hcl-report.ts';
import { tdReportOfQuote } from '../../src/azure/td-report.ts';
import { encodeTpmQuote } from '../../src/tpm/quote.ts';
import { sharedFile } from '../shared.ts';
import { allHold, judgeLinks, parseEvidence } from './evidence.ts';
import type { ParsedEvidence } from './evidence.ts';

const at = new Date('2026-11-23T12:00:00Z');
const reportData = new Uint8Array(64).fill(3);

function genuine(tee: 'snp' | 'tdx'): Buffer {
  return sharedFile(`azure-vtpm/${tee}-evidence-v0.json`);
}

async function simulated(tee: 'snp' | 'tdx'): Promise<Buffer> {
  const machine = await createAzureMachine({ at, tee });
  return Buffer.from(await machine.evidence({ reportData }));
}

/** How the JSON text begins and ends, without numbers. */
function layout(json: Buffer): string {
  const text = json.toString().replaceAll(/\d+(?:,\s*\d+)*/g, '0');
  return `${text.slice(0, 60)}…${text.slice(-3)}`;
}

/** The claims with the length of each long text in place of it. */
function claimsShape(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && value.length > 20 ? value.length : value,
  );
}

/** What of the evidence does not depend on the machine, its boot and the keys. */
function shape({ header, claimsText, quote, ...evidence }: ParsedEvidence): unknown {
  const { magic, type, qualifiedSigner, safe, firmwareVersion, selections } = quote;
  return {
    members: evidence.members,
    header,
    hclLength: evidence.hcl.length,
    afterClaims: evidence.hcl.subarray(header.reportSize).toString('hex'),
    claims: claimsShape(claimsText),
    order: Object.keys((JSON.parse(claimsText) as RuntimeClaims)['vm-configuration']),
    quote: { magic, type, signerLength: qualifiedSigner.length, safe, firmwareVersion, selections },
    signatureLength: evidence.signature.length,
    pcrLengths: evidence.pcrs.map((pcr) => pcr.length),
    resettablePcrs: evidence.pcrs.slice(16).map((pcr) => pcr.toString('hex')),
  };
}

describe.skipIf(!sharedAvailable('vectors/azure-vtpm'))('compared with what Azure makes', () => {
  test.each(['snp', 'tdx'] as const)('evidence over %s has the same shape', async (tee) => {
    const [theirs, ours] = [parseEvidence(genuine(tee)), parseEvidence(await simulated(tee))];
    expect(shape(ours)).toEqual(shape(theirs));
  });

  test.each(['snp', 'tdx'] as const)('JSON over %s is laid out in the same way', async (tee) => {
    const [theirs, ours] = [genuine(tee), await simulated(tee)];
    expect(layout(ours)).toBe(layout(theirs));
    const again = JSON.stringify(JSON.parse(theirs.toString()), null, tee === 'snp' ? 2 : 0);
    expect(`${again}\n`).toBe(theirs.toString());
  });

  test.each(['snp', 'tdx'] as const)('parts over %s are made again, byte for byte', (tee) => {
    const { hcl, hardwareReport, claimsText, header, quote, message } = parseEvidence(genuine(tee));
    expect(Buffer.from(encodeTpmQuote(quote))).toEqual(message);
    expect(Buffer.from(encodeHclReport(tee, hardwareReport, claimsText)).equals(hcl)).toBe(true);
    const other: Partial<HclHeader> = { ...header, version: 9 };
    expect(encodeHclReport(tee, hardwareReport, claimsText, other)[4]).toBe(9);
  });

  test.each(['snp', 'tdx'] as const)('one judge of links finds both over %s sound', async (tee) => {
    const challenge = { ...allHold, reportData: false }; // of which the genuine one quotes no hash
    expect(judgeLinks(parseEvidence(genuine(tee)), reportData)).toEqual(challenge);
    expect(judgeLinks(parseEvidence(await simulated(tee)), reportData)).toEqual(allHold);
  });

  test('the TD report has its fields where a genuine one has them', async () => {
    const { tdQuote, hardwareReport } = parseEvidence(genuine('tdx'));
    const theirs = hardwareReport.subarray(0, 1024);
    const ours = Buffer.from(await tdReportOfQuote(tdQuote, theirs.subarray(16, 32)));
    const mac = [224, 256] as const;
    expect(ours.subarray(0, mac[0]).toString('hex')).toBe(
      theirs.subarray(0, mac[0]).toString('hex'),
    );
    expect(ours.subarray(mac[1]).toString('hex')).toBe(theirs.subarray(mac[1]).toString('hex'));
    const hashes = [ours.subarray(256, 495), ours.subarray(512)].map((part) =>
      createHash('sha384').update(part).digest('hex'),
    );
    expect(
      [ours.subarray(32, 80), ours.subarray(80, 128)].map((hash) => hash.toString('hex')),
    ).toEqual(hashes);
  });
});
