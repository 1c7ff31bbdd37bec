import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collateralJson, createPlatform } from '../src/index.ts';
import type { TcbInfo } from '../src/index.ts';
import { derSkeleton } from './der-skeleton.ts';
import { genuineEvidence, hasGenuineEvidence } from './genuine.ts';
import type { Evidence } from './genuine.ts';

const at = new Date('2026-11-23T12:00:00.250Z');

/** The kinds of quote, each with genuine evidence of a platform CA, and with genuine documents of version 3. */
const kinds = [
  {
    kind: 'SGX, version 3',
    version: null,
    evidence: 'sgx-v3-quotev3-c81a90ee-2025-06-26',
    documents: 'sgx-v3-quote_sgx-743a7a64-2025-07-04',
  },
  {
    kind: 'TDX, version 4',
    version: 4,
    evidence: 'tdx-v4-tdx-quote-6af2de94-2025-07-04',
    documents: 'tdx-v5-quote_v5_sample-cf77a6e9-2026-03-05',
  },
  {
    kind: 'TDX, version 5',
    version: 5,
    evidence: 'tdx-v5-quote_v5_sample-cf77a6e9-2026-03-05',
    documents: 'tdx-v5-quote_v5_sample-cf77a6e9-2026-03-05',
  },
] as const;

async function simulatedEvidence(version: 4 | 5 | null): Promise<Evidence> {
  const tee = version === null ? 'sgx' : 'tdx';
  const platform = await createPlatform({ at, tee, revoked: ['pck'] });
  const reportData = new Uint8Array(64);
  const quote =
    version === null
      ? await platform.quote({ reportData, measurement: new Uint8Array(32) })
      : await platform.tdQuote({ reportData, measurement: new Uint8Array(48), version });
  const json = collateralJson(platform.collateral);
  return { quote, collateral: JSON.parse(json) as Record<string, string> };
}

/** The certificates of a chain, which holds nothing else. */
function certificates(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  expect(blocks.join('')).toBe(pem);
  return blocks.map((block) => new X509Certificate(block).raw);
}

/** The chain in a quote, which ends in a NUL; what follows pads the quote. */
function pckChain(quote: Uint8Array): string {
  const text = Buffer.from(quote).toString('latin1');
  expect(text).toMatch(/-----END CERTIFICATE-----\n\0+$/);
  return text.slice(text.indexOf('-----BEGIN'), text.indexOf('\0', text.lastIndexOf('-----END')));
}

/** A PCK certificate's skeleton without its FMSPC, and without what a machine's owner configures. */
function withoutMachine(skeleton: readonly string[]): string[] {
  const ofMachine = /06 2a864886f84d010d01(?:04|0702|0703)$/;
  return skeleton.filter((_, index) => !ofMachine.test(skeleton[index - 1] ?? ''));
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

/** What of a TD's report is the same for many: who signed the module, and what kind of guest it is. */
function tdShape(report: Buffer): unknown {
  return {
    unusedSvns: report.subarray(3, 16).toString('hex'),
    signerAttributesAndFeatures: report.subarray(64, 136).toString('hex'),
    serviceTd: report.subarray(600).toString('hex'),
  };
}

/** What of a quote does not depend on the platform, the workload and the keys. */
function quoteShape(quote: Uint8Array): unknown {
  const bytes = Buffer.from(quote);
  const version = bytes.readUInt16LE(0);
  const reportStart = version === 5 ? 54 : 48;
  const reportEnd = reportStart + ({ 3: 384, 4: 584 }[version] ?? 648);
  const signatureEnd = reportEnd + 4 + bytes.readUInt32LE(reportEnd);
  const report = bytes.subarray(reportStart, reportEnd);
  const afterKey = bytes.subarray(reportEnd + 4 + 128, signatureEnd);
  const certified = version === 3 ? afterKey : afterKey.subarray(6);
  const authDataEnd = 450 + certified.readUInt16LE(448);
  return {
    header: bytes.subarray(0, version === 3 ? 8 : 12).toString('hex'),
    qeVendor: bytes.subarray(12, 28).toString('hex'),
    userDataEnd: bytes.subarray(44, 48).toString('hex'),
    descriptor: bytes.subarray(48, reportStart).toString('hex'),
    report: version === 3 ? reserved(report) : tdShape(report),
    bytesAfterSignature: bytes.subarray(signatureEnd).every((byte) => byte === 0),
    outer: version > 3 && [afterKey.readUInt16LE(0), afterKey.readUInt32LE(2) - certified.length],
    qeReserved: reserved(certified),
    qeMiscSelect: certified.readUInt32LE(16),
    qeAttributes: certified.subarray(48, 64).toString('hex'),
    qeIsvProdId: certified.readUInt16LE(256),
    qeReportDataEnd: certified.subarray(352, 384).toString('hex'),
    authData: certified.subarray(450, authDataEnd).toString('hex'),
    certificationType: certified.readUInt16LE(authDataEnd),
    bytesAfterCertification:
      certified.length - authDataEnd - 6 - certified.readUInt32LE(authDataEnd + 2),
  };
}

const absent = !hasGenuineEvidence();

describe.skipIf(absent).each(kinds)('compared with what the vendor makes for $kind', (kind) => {
  const { version } = kind;
  const genuine = genuineEvidence(kind.evidence);
  const genuineDocuments = genuineEvidence(kind.documents);

  test.each(['PCK certificate', 'intermediate', 'root'])('the %s in the quote', async (name) => {
    const index = ['PCK certificate', 'intermediate', 'root'].indexOf(name);
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence(version)].map(({ quote }) =>
      derSkeleton(certificates(pckChain(quote))[index] ?? new Uint8Array()),
    );
    expect(theirs.length).toBeGreaterThan(50);
    expect(withoutMachine(withoutOu(ours))).toEqual(withoutMachine(theirs));
  });

  test.each(['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'])(
    '%s',
    async (name) => {
      const [theirs = [], ours = []] = [genuine, await simulatedEvidence(version)].map(
        ({ collateral }) => certificates(collateral[name] ?? '').map((der) => derSkeleton(der)),
      );
      expect(theirs).toHaveLength(2);
      expect(ours.map(withoutOu)).toEqual(theirs);
    },
  );

  test('the root CRL', async () => {
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence(version)].map(
      ({ collateral }) => derSkeleton(Buffer.from(collateral['root_ca_crl'] ?? '', 'hex')),
    );
    expect(theirs.length).toBeGreaterThan(30);
    expect(withoutOu(ours)).toEqual(theirs);
  });

  test('the PCK CRL, but for the number of its entries', async () => {
    const [theirs = [], ours = []] = [genuine, await simulatedEvidence(version)].map(
      ({ collateral }) => derSkeleton(Buffer.from(collateral['pck_crl'] ?? '', 'hex')),
    );
    const entryLines = 7;
    const surplus = theirs.length - withoutOu(ours).length;
    const firstEntry = theirs.lastIndexOf('  17') + 2;
    expect(surplus % entryLines).toBe(0);
    expect(withoutOu(ours)).toEqual(theirs.toSpliced(firstEntry, surplus));
  });

  test.each(['tcb_info', 'qe_identity'])('the members of %s', async (name) => {
    const documents = [genuineDocuments, await simulatedEvidence(version)].map(
      ({ collateral }) => JSON.parse(collateral[name] ?? '') as { tcbLevels: unknown[] },
    );
    const worst = documents[0]?.tcbLevels.length === 1 ? 0 : -1; // one that has advisories, if any
    const [theirs, ours] = documents.map(({ tcbLevels, ...document }) => [
      documentShape(document),
      documentShape(tcbLevels.at(worst)),
    ]);
    expect(ours).toEqual(theirs);
  });

  test('the fixed fields of a quote', async () => {
    const { quote } = await simulatedEvidence(version);
    expect(quoteShape(quote)).toEqual(quoteShape(genuine.quote));
  });
});

/** The names of the parts of a TCB, in order. */
function partNames({ collateral }: Evidence): unknown {
  const { tcbLevels } = JSON.parse(collateral['tcb_info'] ?? '') as TcbInfo;
  const { sgxtcbcomponents, tdxtcbcomponents } = tcbLevels[0]?.tcb ?? {};
  return [sgxtcbcomponents, tdxtcbcomponents].map((parts) =>
    parts?.map(({ category, type }) => [category, type]),
  );
}

/** The modules of a document, without their levels. */
function modules({ collateral }: Evidence): unknown {
  const document = JSON.parse(collateral['tcb_info'] ?? '') as TcbInfo;
  const identities = document.tdxModuleIdentities?.map((identity) => ({
    ...identity,
    tcbLevels: [],
  }));
  return [document.tdxModule, identities];
}

describe.skipIf(absent)('compared with what the vendor says of TDX', () => {
  const genuine = genuineEvidence('tdx-v5-quote_v5_sample-cf77a6e9-2026-03-05');

  test('each part of a TCB has its name', async () => {
    const theirs = partNames(genuine);
    expect(JSON.stringify(theirs)).toContain('TDX Late Microcode Update');
    expect(partNames(await simulatedEvidence(5))).toEqual(theirs);
  });

  test('the module is signed by Intel, in the same versions', async () => {
    const theirs = modules(genuine);
    expect(JSON.stringify(theirs)).toContain('TDX_03');
    expect(modules(await simulatedEvidence(5))).toEqual(theirs);
  });
});
