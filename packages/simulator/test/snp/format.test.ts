import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sharedAvailable } from '../../../../test/support/optional.ts';
import { createSnpPlatform, disclaimer } from '../../src/index.ts';
import type { EndorsementKeyKind, SnpPlatformOptions, SnpProduct } from '../../src/index.ts';
import { children, derSkeleton } from '../der-skeleton.ts';
import { sharedFile } from '../shared.ts';
import { judge, sound } from './judge.ts';
import { reportFields } from './report-fields.ts';

const at = new Date('2026-11-23T12:00:00Z');

interface Genuine {
  readonly name: string;
  readonly product: SnpProduct;
  readonly key: EndorsementKeyKind;
  /** Whether its certificate names the trailer field. */
  readonly trailerField: boolean;
  readonly chain: string;
}

const genuine: readonly Genuine[] = [
  {
    name: 'v2-milan-vcek-virtee',
    product: 'Milan',
    key: 'vcek',
    trailerField: true,
    chain: 'ask_ark_milan.pem',
  },
  {
    name: 'v3-milan-vcek-mstav',
    product: 'Milan',
    key: 'vcek',
    trailerField: false,
    chain: 'ask_ark_milan.pem',
  },
  {
    name: 'v3-milan-vlek-aws-trustee',
    product: 'Milan',
    key: 'vlek',
    trailerField: false,
    chain: 'ask_ark_milan_vlek.pem',
  },
  {
    name: 'v3-genoa-vcek-mstav',
    product: 'Genoa',
    key: 'vcek',
    trailerField: false,
    chain: 'ask_ark_genoa.pem',
  },
  {
    name: 'v5-turin-vcek-mstav',
    product: 'Turin',
    key: 'vcek',
    trailerField: false,
    chain: 'ask_ark_turin_vcek.pem',
  },
];

/** What the simulated machine has to be given so that its certificate says what the genuine one says. */
function machineOf({ name, product, key, trailerField }: Genuine): SnpPlatformOptions {
  const { reportedTcb, chipId } = reportFields(sharedFile(`snp/${name}/report.bin`));
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, , , b6 = 0, microcode = 0] = reportedTcb;
  const tcb =
    product === 'Turin'
      ? { fmc: b0, bootloader: b1, tee: b2, snp: b3, microcode }
      : { bootloader: b0, tee: b1, snp: b6, microcode };
  const cspId = key === 'vlek' ? { cspId: 'CN=cc-us-east-2.amazonaws.com' } : {};
  return { at, product, key, reportedTcb: tcb, chipId, certificate: { trailerField, ...cspId } };
}

/** The elements of a TBSCertificate, in order. */
function tbs(certificate: Uint8Array): Uint8Array[] {
  return children(children(certificate)[0] ?? new Uint8Array());
}

/** A skeleton with AMD's organisational unit in place of ours. */
function withAmdsUnit(skeleton: readonly string[]): string[] {
  return skeleton.map((line) => line.replace(hex(disclaimer), hex('Engineering')));
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

describe.skipIf(!sharedAvailable('vectors/snp'))('compared with what AMD makes', () => {
  describe.each(genuine)('$name', (vector) => {
    const report = (): Buffer => sharedFile(`snp/${vector.name}/report.bin`);
    const ek = (): Buffer => sharedFile(`snp/${vector.name}/ek.der`);

    test('the same fields make the same report, byte for byte, and a signature in the same places', async () => {
      const platform = await createSnpPlatform(machineOf(vector));
      const ours = Buffer.from(await platform.report(reportFields(report())));
      expect(ours.subarray(0, 0x2a0).toString('hex')).toBe(
        report().subarray(0, 0x2a0).toString('hex'),
      );
      expect(ours.length).toBe(report().length);
      for (const [start, end] of [
        [0x2a0 + 48, 0x2e8],
        [0x2e8 + 48, 0x4a0],
      ]) {
        expect(ours.subarray(start, end)).toEqual(report().subarray(start, end));
      }
    });

    test('defaults say of the machine what genuine firmware says', async () => {
      const theirs = reportFields(report());
      const platform = await createSnpPlatform(machineOf(vector));
      const ours = reportFields(
        Buffer.from(
          await platform.report({
            reportData: new Uint8Array(64),
            measurement: new Uint8Array(48),
            version: theirs.version,
          }),
        ),
      );
      const constant = ({
        version,
        signatureAlgorithm,
        authorKeyEnabled,
        maskChipKey,
        signingKey,
        reportIdMa,
        reportedTcb,
        cpuid,
        chipId,
        launchMitigations,
        currentMitigations,
      }: typeof ours): unknown => ({
        version,
        signatureAlgorithm,
        authorKeyEnabled,
        maskChipKey,
        signingKey,
        reportIdMa,
        reportedTcb,
        cpuid,
        chipId,
        launchMitigations,
        currentMitigations,
      });
      expect(constant(ours)).toEqual(constant(theirs));
    });

    test('the certificate has the same shape, and the same extensions byte for byte', async () => {
      const platform = await createSnpPlatform(machineOf(vector));
      expect(withAmdsUnit(derSkeleton(platform.ek))).toEqual(derSkeleton(ek()));
      const [ours, theirs] = [platform.ek, ek()].map((der) => tbs(der));
      expect(theirs).toHaveLength(8);
      const bySpec = { version: 0, serialNumber: 1, signature: 2, extensions: 7 };
      for (const index of Object.values(bySpec)) {
        expect(Buffer.from(ours?.[index] ?? []).toString('hex')).toBe(
          Buffer.from(theirs?.[index] ?? []).toString('hex'),
        );
      }
    });

    test('the intermediate and the root have the same shape', async () => {
      const platform = await createSnpPlatform(machineOf(vector));
      const { ark, ask, asvk } = await platform.authorities();
      const theirs = pemBlocks(sharedFile(`trust-anchors/amd/${vector.chain}`).toString());
      expect(theirs).toHaveLength(2);
      const ours = [vector.key === 'vcek' ? ask : asvk, ark];
      expect(ours.map(({ der }) => withAmdsUnit(derSkeleton(der)))).toEqual(
        theirs.map((pem) => derSkeleton(new X509Certificate(pem).raw)),
      );
      expect(ours.map(({ der }) => commonName(der))).toEqual(theirs.map(commonName));
    });

    test('one judge of signatures finds both sound', async () => {
      const chain = pemBlocks(sharedFile(`trust-anchors/amd/${vector.chain}`).toString());
      expect(judge(report(), [ek(), ...chain])).toEqual(sound);
      const platform = await createSnpPlatform(machineOf(vector));
      const { ark, ask, asvk } = await platform.authorities();
      const ours = await platform.report(reportFields(report()));
      expect(
        judge(ours, [platform.ek, vector.key === 'vcek' ? ask.der : asvk.der, ark.der]),
      ).toEqual(sound);
    });
  });
});

function pemBlocks(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function commonName(certificate: Uint8Array | string): string | undefined {
  return /CN=.*/.exec(new X509Certificate(certificate).subject)?.[0];
}
