import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import {
  acceptMissingCrl,
  anyMeasurement,
  anyReportData,
  AttestationError,
  type Check,
  type Manifest,
  parseManifest,
  type Policy,
  type Report,
  type UnmatchedClaims,
  type UnmatchedPolicy,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { encodeHex } from '../../src/encoding/hex.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import type { SnpClaims } from '../../src/snp/snp-claims.ts';

interface Vector {
  readonly name: string;
  readonly report: Uint8Array;
  readonly ek: Uint8Array;
  readonly expected: {
    readonly expected: string;
    readonly observed: {
      readonly version: number;
      readonly guestSvn: number;
      readonly vmpl: number;
      readonly ekIssuer: string;
      readonly ekValid: readonly [string, string];
      readonly chipId: string;
      readonly cspId: string | null;
      readonly repTcb: Readonly<Record<'bl' | 'tee' | 'snp' | 'ucode', number>> & { fmc?: number };
    };
  };
}

const folder = `${sharedFolder}/vectors/snp`;
const haveVectors = sharedAvailable('vectors/snp');

const vectors: readonly Vector[] = !haveVectors
  ? []
  : readdirSync(folder).map((name) => {
      const read = (file: string): Uint8Array =>
        new Uint8Array(readFileSync(`${folder}/${name}/${file}`));
      const expected = JSON.parse(
        new TextDecoder().decode(read('expected.json')),
      ) as Vector['expected'];
      return { name, report: read('report.bin'), ek: read('ek.der'), expected };
    });

function find(name: string): Vector {
  return vectors.find((vector) => vector.name === name)!;
}

/** A day after the certificate began. */
function insideOf({ expected }: Vector): Date {
  return new Date(Date.parse(expected.observed.ekValid[0]) + 24 * 60 * 60 * 1000);
}

/** As `evidence verify --any-measurement` judges it: no manifest, no CRL. */
const lookingOnly: UnmatchedPolicy = {
  anchors: vendorAnchors,
  [anyMeasurement]: true,
  [acceptMissingCrl]: true,
};

async function judge(
  vector: Vector,
  policy: Policy | UnmatchedPolicy = lookingOnly,
  at: Date = insideOf(vector),
): Promise<UnmatchedClaims> {
  return verifyAttestation(
    { format: 'sev-snp', evidence: vector.report, endorsements: vector.ek },
    { [anyReportData]: true },
    policy,
    at,
  );
}

async function reportOf(judged: Promise<UnmatchedClaims>): Promise<Report> {
  try {
    return (await judged).report;
  } catch (error) {
    if (error instanceof AttestationError) return error.report;
    throw error;
  }
}

/** The check that must refuse each case; `null`: none. */
const verdicts: Readonly<Record<string, Check | null>> = {
  'v2-milan-TAMPERED-debugbit': 'report-signature',
  'v2-milan-TAMPERED-measurement': 'report-signature',
  'v2-milan-TAMPERED-reportdata': 'report-signature',
  'v2-milan-TAMPERED-reportedtcb': 'platform-match',
  'v2-milan-TAMPERED-signature': 'report-signature',
  'v2-milan-TRUNCATED': 'layout',
  'v2-milan-vcek-DEBUG-gosev': 'debug',
  'v2-milan-vcek-WRONGCERT-legacy-trustee': 'certificate-chain',
  'v2-milan-vcek-WRONGCERT-new-trustee': 'certificate-chain',
  'v2-milan-vcek-trustee': null,
  'v2-milan-vcek-virtee': null,
  'v3-genoa-vcek-mstav': null,
  'v3-milan-vcek-mstav': null,
  'v3-milan-vlek-aws-trustee': 'vmpl',
  'v5-turin-vcek-mstav': null,
};

/** Rows that show that there is no CRL, in order. */
const crlChecks: readonly Check[] = ['crl', 'crl-signature', 'crl-validity', 'certificate-revoked'];

function weakenedIn({ checks }: Report): Check[] {
  return checks.filter(({ result }) => result === 'weakened').map(({ name }) => name);
}

/** A manifest that accepts this one at a privilege level. */
function manifestFor({ report, expected: { observed } }: Vector, vmpl: number): Manifest {
  const { bl, tee, snp, ucode } = observed.repTcb;
  return parseManifest(`version = 1
[[sev_snp]]
name = "AWS"
covers = ["firmware"]
measurement = "${encodeHex(parseSnpReport(new Uint8Array(report)).measurement)}"
guest_policy = { smt = true, abi_major = 0, abi_minor = 0 }
minimum_tcb = { bootloader = ${bl}, tee = ${tee}, snp = ${snp}, microcode = ${ucode} }
vmpl = ${vmpl}
`);
}

describe.skipIf(!haveVectors)('real reports', () => {
  test('all have a verdict here', () => {
    expect(vectors.map(({ name }) => name).toSorted()).toEqual(Object.keys(verdicts).toSorted());
  });

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (name, vector) => {
    const report = await reportOf(judge(vector));
    expect([report.verdict, report.check]).toEqual(
      verdicts[name] === null ? ['accept', null] : ['refuse', verdicts[name]],
    );
    expect(report.tcbStatus).toBeNull();
    // The case under VMPL 1 is one that a manifest may accept: see below.
    const isAccepted = verdicts[name] === null || name === 'v3-milan-vlek-aws-trustee';
    expect(vector.expected.expected.startsWith('accept')).toBe(isAccepted);
  });

  const accepted = vectors.filter(({ name }) => verdicts[name] === null);
  test.each(accepted.map((vector) => [vector.name, vector] as const))(
    '%s says what was seen in it',
    async (_, vector) => {
      const { observed } = vector.expected;
      const { claims, details } = await detailsOf(judge(vector));
      expect([details.version, details.guestSvn, details.vmpl]).toEqual([
        observed.version,
        observed.guestSvn,
        observed.vmpl,
      ]);
      expect(`SEV-${details.product}`).toBe(observed.ekIssuer);
      expect(claims.hardwareId?.startsWith(observed.chipId.replace('…', ''))).toBe(true);
      const { bl, ucode, ...others } = observed.repTcb;
      expect(claims.tcb).toEqual({
        status: null,
        advisories: [],
        evaluationDataNumber: null,
        date: null,
        parts: { bootloader: bl, microcode: ucode, ...others },
      });
      expect(claims.tee).toBe('sev-snp');
      expect(weakenedIn(claims.report)).toEqual([...crlChecks, 'measurement', 'report-data']);
      expect(claims.validUntil).toEqual(new Date(observed.ekValid[1]));
    },
  );

  test.each(accepted.map((vector) => [vector.name, vector] as const))(
    '%s needs a CRL where nothing says otherwise',
    async (_, vector) => {
      const report = await reportOf(
        judge(vector, { anchors: vendorAnchors, [anyMeasurement]: true }),
      );
      expect(report.check).toBe('crl');
    },
  );

  test.each(vectors.map((vector) => [vector.name, vector] as const))(
    '%s is refused under the keys of the simulation, and before and after its certificate',
    async (name, vector) => {
      const { simulationAnchors } = await import('../../src/simulation.ts');
      const early = verdicts[name] === 'layout' ? 'layout' : null;
      const simulated = await reportOf(
        judge(vector, { ...lookingOnly, anchors: simulationAnchors }),
      );
      expect(simulated.check).toBe(early ?? 'trust-anchor');
      const [from, to] = vector.expected.observed.ekValid.map((text) => Date.parse(text));
      for (const at of [from! - 1000, to! + 1000]) {
        const { check } = await reportOf(judge(vector, lookingOnly, new Date(at)));
        expect(check).toBe(
          early ??
            (verdicts[name] === 'certificate-chain' ? verdicts[name] : 'certificate-validity'),
        );
      }
    },
  );

  test('a manifest accepts VMPL 1 by name, which weakens; the VLEK says whose it is', async () => {
    const vector = find('v3-milan-vlek-aws-trustee');
    const policy: UnmatchedPolicy = {
      anchors: vendorAnchors,
      manifest: manifestFor(vector, 1),
      [acceptMissingCrl]: true,
    };
    const { claims, details } = await detailsOf(judge(vector, policy));
    expect(claims.report.verdict).toBe('accept');
    expect(claims.entry).toBe('AWS');
    expect(weakenedIn(claims.report)).toEqual([...crlChecks, 'measurement', 'vmpl', 'report-data']);
    expect(claims.hardwareId).toBeNull();
    expect(details.signingKey).toBe('vlek');
    const { cspId } = vector.expected.observed; // hex, with its DER header
    expect(details.cspId).toBe(Buffer.from(cspId!.slice(4), 'hex').toString());
    const strict = { ...policy, manifest: manifestFor(vector, 0) };
    expect((await reportOf(judge(vector, strict))).check).toBe('vmpl');
  });

  test('reports of three products and versions, field by field', async () => {
    const vector = find('v5-turin-vcek-mstav');
    const { details: turin } = await detailsOf(judge(vector));
    expect(turin).toMatchObject({
      product: 'Turin',
      cpuid: { family: 0x1a, model: 2, stepping: 1 },
      currentVersion: { major: 1, minor: 55, build: 65 },
      launchMitigations: 0x3fn,
      currentMitigations: 0x3fn,
      launchTcb: { fmc: 1, bootloader: 1, tee: 1, snp: 4, microcode: 81 },
      platformInfo: { bits: 0x65n, smt: true, tsme: false, ecc: true, aliasCheckComplete: true },
    });
    const hardwareId = vector.expected.observed.chipId.replace('…', '');
    expect(turin.chipId).toBe(hardwareId + '00'.repeat(56));
    const { details: genoa } = await detailsOf(judge(find('v3-genoa-vcek-mstav')));
    expect(genoa).toMatchObject({
      product: 'Genoa',
      launchMitigations: null,
      policy: { abiMajor: 0, abiMinor: 31, smt: true, debug: false, migrationAgent: false },
      platformInfo: { tsme: true },
    });
    expect(encodeHex(genoa.familyId)).toBe(`01${'00'.repeat(15)}`);
    const { details: milan } = await detailsOf(judge(find('v2-milan-vcek-trustee')));
    expect(milan).toMatchObject({
      product: 'Milan',
      cpuid: null,
      reportedTcb: { microcode: 115 },
      currentTcb: { microcode: 206 },
      cspId: null,
    });
    expect(Object.keys(milan.reportedTcb)).not.toContain('fmc');
  });
});

async function detailsOf(
  judged: Promise<UnmatchedClaims>,
): Promise<{ claims: UnmatchedClaims; details: SnpClaims }> {
  const claims = await judged;
  return { claims, details: claims.details as SnpClaims };
}
