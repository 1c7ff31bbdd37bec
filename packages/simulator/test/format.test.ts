import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collateralJson, createPlatform } from '../src/index.ts';
import { derSkeleton } from './der-skeleton.ts';
import { genuineEvidence, hasGenuineEvidence } from './genuine.ts';
import type { Evidence } from './genuine.ts';

const at = new Date('2026-11-23T12:00:00.250Z');

async function simulatedEvidence(): Promise<Evidence> {
  const platform = await createPlatform({ at, fmspc: '00606a000000', revoked: ['pck'] });
  const quote = await platform.quote({
    reportData: new Uint8Array(64),
    measurement: new Uint8Array(32),
  });
  const json = collateralJson(platform.collateral);
  return { quote, collateral: JSON.parse(json) as Record<string, string> };
}

/** The certificates of a chain, which holds nothing else. */
function certificates(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  expect(blocks.join('')).toBe(pem);
  return blocks.map((block) => new X509Certificate(block).raw);
}

function pckChain(quote: Uint8Array): string {
  const text = Buffer.from(quote).toString('latin1');
  expect(text.endsWith('-----END CERTIFICATE-----\n\0')).toBe(true);
  return text.slice(text.indexOf('-----BEGIN'), -1);
}

/** A skeleton without the attribute (four lines) that the vendor's names do not have: OU. */
function withoutOu(skeleton: readonly string[]): string[] {
  const isOu = (index: number): boolean => skeleton[index]?.trim() === '06 55040b';
  return skeleton.filter((_, index) => ![-1, 0, 1, 2].some((offset) => isOu(index + offset)));
}

/** Members in order, the last item of each array, and the alphabet of each text in place of it. */
function documentShape(value: unknown): unknown {
  if (typeof value === 'string') {
    return /[a-z]/.test(value) ? 'text' : value.replaceAll(/[0-9A-F]/g, '0');
  }
  if (Array.isArray(value)) return [documentShape(value.at(-1))];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([name, member]) => [name, documentShape(member)]);
}

function reserved(report: Buffer): string[] {
  return [
    report.subarray(20, 48),
    report.subarray(96, 128),
    report.subarray(160, 256),
    report.subarray(260, 320),
  ].map((part) => part.toString('hex'));
}

/** What of a quote does not depend on the platform, the workload and the keys. */
function quoteShape(quote: Uint8Array): unknown {
  const bytes = Buffer.from(quote);
  const qeReport = bytes.subarray(564, 948);
  const authData = bytes.readUInt16LE(1012);
  const certification = 1014 + authData;
  return {
    header: bytes.subarray(0, 8).toString('hex'),
    qeVendor: bytes.subarray(12, 28).toString('hex'),
    userDataEnd: bytes.subarray(44, 48).toString('hex'),
    reserved: reserved(bytes.subarray(48, 432)),
    bytesAfterSignature: bytes.length - 436 - bytes.readUInt32LE(432),
    qeReserved: reserved(qeReport),
    qeMiscSelect: qeReport.readUInt32LE(16),
    qeAttributes: qeReport.subarray(48, 64).toString('hex'),
    qeIsvProdId: qeReport.readUInt16LE(256),
    qeReportDataEnd: qeReport.subarray(352).toString('hex'),
    authData: bytes.subarray(1014, certification).toString('hex'),
    certificationType: bytes.readUInt16LE(certification),
    bytesAfterCertification:
      bytes.length - certification - 6 - bytes.readUInt32LE(certification + 2),
  };
}

describe.skipIf(!hasGenuineEvidence())('compared with what the vendor makes', () => {
  const genuine = genuineEvidence('sgx-v3-quotev3-c81a90ee-2025-06-26'); // of a platform CA, too
  const genuineV3 = genuineEvidence('sgx-v3-quote_sgx-743a7a64-2025-07-04'); // TCB info version 3

  test.each(['PCK certificate', 'intermediate', 'root'])('the %s in the quote', async (name) => {
    const index = ['PCK certificate', 'intermediate', 'root'].indexOf(name);
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence()].map(({ quote }) =>
      derSkeleton(certificates(pckChain(quote))[index] ?? new Uint8Array()),
    );
    expect(theirs.length).toBeGreaterThan(50);
    expect(withoutOu(ours)).toEqual(theirs);
  });

  test.each(['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'])(
    '%s',
    async (name) => {
      const [theirs = [], ours = []] = [genuine, await simulatedEvidence()].map(({ collateral }) =>
        certificates(collateral[name] ?? '').map((der) => derSkeleton(der)),
      );
      expect(theirs).toHaveLength(2);
      expect(ours.map(withoutOu)).toEqual(theirs);
    },
  );

  test('the root CRL', async () => {
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence()].map(({ collateral }) =>
      derSkeleton(Buffer.from(collateral['root_ca_crl'] ?? '', 'hex')),
    );
    expect(theirs.length).toBeGreaterThan(30);
    expect(withoutOu(ours)).toEqual(theirs);
  });

  test('the PCK CRL, but for the number of its entries', async () => {
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence()].map(({ collateral }) =>
      derSkeleton(Buffer.from(collateral['pck_crl'] ?? '', 'hex')),
    );
    const entryLines = 7;
    const surplus = theirs.length - withoutOu(ours).length;
    const firstEntry = theirs.lastIndexOf('  17') + 2;
    expect(surplus % entryLines).toBe(0);
    expect(withoutOu(ours)).toEqual(theirs.toSpliced(firstEntry, surplus));
  });

  test.each(['tcb_info', 'qe_identity'])('the members of %s', async (name) => {
    const [theirs, ours] = [genuineV3, await simulatedEvidence()].map(({ collateral }) => {
      const { tcbLevels, ...document } = JSON.parse(collateral[name] ?? '') as { tcbLevels: [] };
      return [documentShape(document), documentShape(tcbLevels.at(-1)), Object.keys(document)];
    });
    expect(ours).toEqual(theirs);
  });

  test('the fixed fields of a quote', async () => {
    const { quote } = await simulatedEvidence();
    expect(quoteShape(quote)).toEqual(quoteShape(genuine.quote));
  });
});
