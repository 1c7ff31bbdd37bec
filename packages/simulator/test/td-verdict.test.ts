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
import { createPlatform, emit, simulatedTcbStatuses } from '../src/index.ts';
import type { PlatformOptions, TdQuoteOptions } from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00.250Z');
const measurement = new Uint8Array(48).fill(0x11);
const reportData = new Uint8Array(64).fill(0x22);
const rtmrs = [3, 4, 5, 0].map((value) => new Uint8Array(48).fill(value));
/** Every status that a manifest may accept. */
const acceptable = simulatedTcbStatuses.slice(0, 6);

function manifestFor(...statuses: readonly string[]): Manifest {
  const [first, second, third] = ['03', '04', '05'].map((byte) => `"${byte.repeat(48)}"`);
  return parseManifest(`version = 1
[[tdx]]
mr_td = "${'11'.repeat(48)}"
rtmr = [${first}, ${second}, ${third}, "unused"]
td_attributes = "0000001000000000"
xfam_mask = "e702060000000000"
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
[intel]
tcb_statuses = ${JSON.stringify(statuses)}`);
}

async function evidence(
  options: Omit<PlatformOptions, 'at'> = {},
  quote: Partial<TdQuoteOptions> = {},
): Promise<AttestationInput> {
  const platform = await createPlatform({ at, tee: 'tdx', ...options });
  return {
    format: 'tdx-dcap',
    evidence: await platform.tdQuote({ reportData, measurement, rtmrs, ...quote }),
    endorsements: platform.collateral,
  };
}

const forms: readonly Partial<TdQuoteOptions>[] = [
  { version: 4 },
  { version: 4, padding: 70 },
  { version: 5, td: '1.0' },
  { version: 5, td: '1.5' },
];

describe('under simulation anchors', () => {
  const policy = { anchors: simulationAnchors, manifest: manifestFor('UpToDate') };

  test.each(forms)('a good TD is accepted: $version, $td, $padding', async (form) => {
    const claims = await verifyAttestation(await evidence({}, form), { reportData }, policy, at);
    expect(isVerified(claims)).toBe(true);
    expect(claims).toMatchObject({ anchor: 'simulation', tee: 'tdx', debug: false, reportData });
    expect(claims.measurement).toEqual(measurement);
    expect(claims.tcb).toMatchObject({ status: 'UpToDate' });
    expect(claims.report.message).toContain('SIMULATED');
  });

  test.each(acceptable)('status %s is told as it is', async (tcbStatus) => {
    const accepting = { ...policy, manifest: manifestFor(tcbStatus) };
    const input = await evidence({ tcbStatus });
    const claims = await verifyAttestation(input, { reportData }, accepting, at);
    expect(claims.tcb).toMatchObject({ status: tcbStatus });
  });
});

describe('under every production policy it is refused', () => {
  const manifest = manifestFor('UpToDate');
  const policies: Record<string, Policy | UnmatchedPolicy> = {
    'a manifest that lists it': { anchors: vendorAnchors, manifest },
    'a manifest that accepts every status': {
      anchors: vendorAnchors,
      manifest: manifestFor(...acceptable),
    },
    'debug allowed': { anchors: vendorAnchors, manifest, [allowDebug]: true },
    'any measurement': { anchors: vendorAnchors, [anyMeasurement]: true, [allowDebug]: true },
  };
  const made: Record<string, () => Promise<AttestationInput>> = {
    ...Object.fromEntries(
      simulatedTcbStatuses.map((tcbStatus) => [
        `a platform that is ${tcbStatus}`,
        async () => evidence({ tcbStatus }),
      ]),
    ),
    ...Object.fromEntries(
      forms.map((form) => [
        `a quote of the form ${JSON.stringify(form)}`,
        async () => evidence({}, form),
      ]),
    ),
    'a TD under debug': async () => evidence({}, { debug: true }),
    'a revoked platform': async () => evidence({ revoked: ['pck'] }),
    'a platform with a root made anew': async () => evidence({ certificates: { root: {} } }),
    'what emit writes': async () => {
      const emitted = await emit({ at, tee: 'tdx', measurement, reportData });
      return {
        format: 'tdx-dcap',
        evidence: emitted.quote,
        endorsements: emitted.collateralJson,
      };
    },
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
