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
import { createNitroEnclave, generateP384Keys } from '../../src/index.ts';
import type { NitroDocumentOptions, NitroEnclaveOptions } from '../../src/index.ts';

const at = new Date('2026-11-23T12:00:00.250Z');
const userData = new Uint8Array(64).fill(0x22);
const [pcr0, pcr1, pcr2] = ['03', '04', '05'].map((byte) => byte.repeat(48));
const pcrs = {
  0: new Uint8Array(48).fill(3),
  1: new Uint8Array(48).fill(4),
  2: new Uint8Array(48).fill(5),
};
const manifest = parseManifest(`version = 1
[[nitro]]
pcrs = { 0 = "${pcr0}", 1 = "${pcr1}", 2 = "${pcr2}" }`);

async function evidence(
  options: Omit<NitroEnclaveOptions, 'at'> = {},
  asked: NitroDocumentOptions = {},
): Promise<AttestationInput> {
  const enclave = await createNitroEnclave({ at, ...options });
  const document = await enclave.document({ userData, pcrs, ...asked });
  return { format: 'aws-nitro', evidence: document, endorsements: new Map() };
}

test('under simulation anchors a good enclave is accepted, as what it is', async () => {
  const policy = { anchors: simulationAnchors, manifest };
  const claims = await verifyAttestation(await evidence(), { reportData: userData }, policy, at);
  expect(isVerified(claims)).toBe(true);
  expect(claims).toMatchObject({ anchor: 'simulation', tee: 'nitro', debug: false });
  expect(claims.reportData).toEqual(userData);
  expect(claims.report.message).toContain('SIMULATED');
});

describe('under every production policy it is refused', () => {
  const policies: Record<string, Policy | UnmatchedPolicy> = {
    'a manifest that lists it': { anchors: vendorAnchors, manifest },
    'debug allowed': { anchors: vendorAnchors, manifest, [allowDebug]: true },
    'any measurement': { anchors: vendorAnchors, [anyMeasurement]: true, [allowDebug]: true },
  };
  const made: Record<string, () => Promise<AttestationInput>> = {
    'an enclave': async () => evidence(),
    'an enclave under debug': async () => evidence({}, { debug: true, pcrs: {} }),
    'an enclave with a root made anew': async () => evidence({ certificates: { root: {} } }),
    'an enclave with a root of another key': async () =>
      evidence({ certificates: { root: { keys: await generateP384Keys() } } }),
  };

  describe.each(Object.entries(policies))('%s', (_, policy) => {
    test.each(Object.entries(made))('%s', async (__, make) => {
      const input = await make();
      const demands: ExpectedReportData[] = [{ reportData: userData }, { [anyReportData]: true }];
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
