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
  Policy,
  UnmatchedPolicy,
} from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import { describe, expect, test } from 'vitest';
import { collateralJson, createPlatform, emit, simulatedTcbStatuses } from '../src/index.ts';
import type { PlatformOptions, QuoteOptions } from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00.250Z');
const measurement = new Uint8Array(32).fill(0x11);
const reportData = new Uint8Array(64).fill(0x22);
/** Every status that a manifest may accept, as it would be written there. */
const acceptable = JSON.stringify(simulatedTcbStatuses.slice(0, 6));
const manifest = parseManifest(`version = 1\n[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"`);

async function evidence(
  options: Omit<PlatformOptions, 'at'> = {},
  quote: Partial<QuoteOptions> = {},
): Promise<AttestationInput> {
  const platform = await createPlatform({ at, ...options });
  return {
    format: 'sgx-dcap',
    evidence: await platform.quote({ reportData, measurement, ...quote }),
    endorsements: platform.collateral,
  };
}

describe('under simulation anchors', () => {
  const policy = { anchors: simulationAnchors, manifest };

  test('a good platform is accepted, and its claims are what it was made of', async () => {
    const platform = await createPlatform({ at });
    const input = {
      format: 'sgx-dcap',
      evidence: await platform.quote({ reportData, measurement }),
      endorsements: platform.collateral,
    } as const;
    const claims = await verifyAttestation(input, { reportData }, policy, at);
    expect(isVerified(claims)).toBe(true);
    expect(claims).toMatchObject({ anchor: 'simulation', tee: 'sgx', debug: false, reportData });
    expect(claims.measurement).toEqual(measurement);
    expect(claims.tcb).toMatchObject({ status: 'UpToDate', advisories: [] });
    expect(claims.details).toMatchObject({ fmspc: 'b11da1000000' });
    expect(claims.hardwareId).toBe(
      Buffer.from(platform.machine.platformInstanceId).toString('hex'),
    );
    expect(claims.report.message).toContain('SIMULATED');
  });

  test('the form for files is accepted like the map', async () => {
    const platform = await createPlatform({ at });
    const input = {
      format: 'sgx-dcap',
      evidence: await platform.quote({ reportData, measurement }),
      endorsements: collateralJson(platform.collateral),
    } as const;
    const { report } = await verifyAttestation(input, { reportData }, policy, at);
    expect(report.verdict).toBe('accept');
  });

  test('collateral issued again later is accepted then', async () => {
    const platform = await createPlatform({ at });
    const later = new Date('2027-11-23T00:00:00Z');
    const input = {
      format: 'sgx-dcap',
      evidence: await platform.quote({ reportData, measurement }),
      endorsements: await platform.issueCollateral(later),
    } as const;
    const { report } = await verifyAttestation(input, { reportData }, policy, later);
    expect(report.verdict).toBe('accept');
  });

  test.each(simulatedTcbStatuses.slice(0, -2))('status %s is told as it is', async (tcbStatus) => {
    const accepting = parseManifest(
      `version = 1\n[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"\n[intel]\ntcb_statuses = ["${tcbStatus}"]`,
    );
    const claims = await verifyAttestation(
      await evidence({ tcbStatus }),
      { reportData },
      { anchors: simulationAnchors, manifest: accepting },
      at,
    );
    expect(claims.tcb.status).toBe(tcbStatus);
  });

  test('a debug enclave is told as it is', async () => {
    const claims = await verifyAttestation(
      await evidence({}, { debug: true }),
      { reportData },
      { ...policy, [allowDebug]: true },
      at,
    );
    expect(claims.debug).toBe(true);
  });
});

describe('under every production policy it is refused', () => {
  const lenient = parseManifest(
    `version = 1\n[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"\n[intel]\ntcb_statuses = ${acceptable}`,
  );
  const anything: UnmatchedPolicy = {
    anchors: vendorAnchors,
    [anyMeasurement]: true,
    [allowDebug]: true,
  };
  const policies: Record<string, Policy | UnmatchedPolicy> = {
    'a manifest that lists it': { anchors: vendorAnchors, manifest },
    'a manifest that accepts every status': { anchors: vendorAnchors, manifest: lenient },
    'debug allowed': { anchors: vendorAnchors, manifest, [allowDebug]: true },
    'any measurement': anything,
  };
  const made: Record<string, () => Promise<AttestationInput>> = {
    ...Object.fromEntries(
      simulatedTcbStatuses.map((tcbStatus) => [
        `a platform that is ${tcbStatus}`,
        async () => evidence({ tcbStatus }),
      ]),
    ),
    'a debug enclave': async () => evidence({}, { debug: true }),
    'a revoked platform': async () => evidence({ revoked: ['pck'] }),
    'a platform with a root made anew': async () => evidence({ certificates: { root: {} } }),
    'what emit writes': async () => {
      const { quote, collateralJson: endorsements } = await emit({ at, measurement, reportData });
      return { format: 'sgx-dcap', evidence: quote, endorsements };
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
