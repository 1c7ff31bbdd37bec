import {
  AttestationError,
  allowDebug,
  anyMeasurement,
  anyReportData,
  isVerified,
  parseManifest,
  vendorAnchors,
  verifyAttestation,
} from '@blindai/attestation';
import type {
  AttestationInput,
  ExpectedReportData,
  Manifest,
  Policy,
  UnmatchedPolicy,
} from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import { describe, expect, test } from 'vitest';
import { createSnpPlatform, snpProducts } from '../../src/index.ts';
import type { SnpPlatformOptions, SnpProduct, SnpReportOptions } from '../../src/index.ts';

const at = new Date('2026-11-23T12:00:00.250Z');
const measurement = new Uint8Array(48).fill(0x11);
const reportData = new Uint8Array(64).fill(0x22);
function manifestOf(product: SnpProduct): Manifest {
  const fmc = product === 'Turin' ? 'fmc = 1, ' : '';
  return parseManifest(`version = 1
[[sev_snp]]
measurement = "${'11'.repeat(48)}"
guest_policy = { smt = true, abi_major = 0, abi_minor = 31 }
minimum_tcb = { ${fmc}bootloader = 4, tee = 0, snp = 24, microcode = 219 }
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]`);
}

async function evidence(
  options: Omit<SnpPlatformOptions, 'at'> = {},
  asked: Partial<SnpReportOptions> = {},
): Promise<AttestationInput> {
  const platform = await createSnpPlatform({ at, ...options });
  return {
    format: 'sev-snp',
    evidence: await platform.report({ reportData, measurement, ...asked }),
    endorsements: platform.endorsements,
  };
}

const forms = snpProducts.flatMap((product) =>
  (['vcek', 'vlek'] as const).flatMap((key) =>
    [2, 3, 5].map((version) => ({ product, key, version })),
  ),
);

describe('under simulation anchors', () => {
  test.each(forms)('a good $product under a $key is accepted: $version', async (form) => {
    const { version, ...options } = form;
    const claims = await verifyAttestation(
      await evidence(options, { version }),
      { reportData },
      { anchors: simulationAnchors, manifest: manifestOf(form.product) },
      at,
    );
    expect(isVerified(claims)).toBe(true);
    expect(claims).toMatchObject({ anchor: 'simulation', tee: 'sev-snp', debug: false });
    expect([claims.measurement, claims.reportData]).toEqual([measurement, reportData]);
    expect(claims.report.message).toContain('SIMULATED');
  });
});

describe('under every production policy it is refused', () => {
  const manifest = manifestOf('Milan');
  const policies: Record<string, Policy | UnmatchedPolicy> = {
    'a manifest that lists it': { anchors: vendorAnchors, manifest },
    'debug allowed': { anchors: vendorAnchors, manifest, [allowDebug]: true },
    'any measurement': { anchors: vendorAnchors, [anyMeasurement]: true, [allowDebug]: true },
  };
  const made: Record<string, () => Promise<AttestationInput>> = {
    ...Object.fromEntries(
      snpProducts.flatMap((product) =>
        (['vcek', 'vlek'] as const).map((key) => [
          `a ${product} under a ${key}`,
          async () => evidence({ product, key }),
        ]),
      ),
    ),
    'a guest under debug': async () => evidence({}, { debug: true }),
    'a machine without its chip id': async () => evidence({ maskChipId: true }),
    'a machine under a revoked ASK': async () => evidence({ revoked: ['ask'] }),
  };

  describe.each(Object.entries(policies))('%s', (_, policy) => {
    test.each(Object.entries(made))('%s', async (__, make) => {
      const input = await make();
      const demands: ExpectedReportData[] = [{ reportData }, { [anyReportData]: true }];
      for (const expected of demands) {
        const refused = verifyAttestation(input, expected, policy, at);
        await expect(refused).rejects.toThrow(AttestationError);
        await expect(refused).rejects.toMatchObject({
          check: 'trust-anchor',
          report: { verdict: 'refuse', anchor: 'vendor' },
        });
      }
    });
  });
});
