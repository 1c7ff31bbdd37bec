import { createPlatform, type SimulatedPlatform } from '@blindai/simulator';
import type { EvidenceProvider } from './provider.ts';

/** Well within the month for which the simulator dates its collateral. */
const RENEW_AFTER_MS = 60 * 60 * 1000;

/**
 * A simulated SGX machine: real formats, signed by a vendor whose private key is public. Protects nothing.
 *
 * @param measurement - Stands in for MRENCLAVE, 32 bytes.
 */
export async function createSimulatedProvider(
  measurement: Uint8Array,
  now: () => Date,
): Promise<EvidenceProvider> {
  let issuedAt = now();
  const platform: SimulatedPlatform = await createPlatform({ at: issuedAt });
  let collateral = platform.collateral;
  return {
    tee: 'simulation',
    format: 'sgx-dcap',
    measurement,
    attest: async (reportData) => {
      const at = now();
      if (at.getTime() >= issuedAt.getTime() + RENEW_AFTER_MS) {
        collateral = await platform.issueCollateral(at);
        issuedAt = at;
      }
      return {
        evidence: await platform.quote({ reportData, measurement }),
        endorsements: collateral,
        renewAt: new Date(issuedAt.getTime() + RENEW_AFTER_MS),
      };
    },
  };
}
