import { createSnpPlatform } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import type { PinnedAuthority, TrustAnchors } from '../../src/roots/trust-anchors.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { readCertificates, verifyCertificates } from '../../src/snp/certificates.ts';
import { snpEvidenceChecks } from '../../src/snp/verify-snp.ts';
import { Refusal, Verdict } from '../../src/verdict.ts';
import { at } from './guest.ts';

const { endorsements } = await createSnpPlatform({ at });
const policy = { anchors: simulationAnchors };
const sinceCertificate = snpEvidenceChecks(policy).slice(2, 10);

/** The simulation's keys, with another root for Milan. */
function withRoot(root: Partial<PinnedAuthority>): TrustAnchors {
  const { amd } = simulationAnchors;
  const { Milan } = amd.products;
  const products = { ...amd.products, Milan: { ...Milan, ark: { ...Milan.ark, ...root } } };
  return { ...simulationAnchors, amd: { ...amd, products } };
}

/** The check that refuses, `null` if none does; and why. */
async function verdictUnder(anchors: TrustAnchors): Promise<[string | null, string]> {
  const verdict = new Verdict('sev-snp', anchors.name, sinceCertificate);
  try {
    const certificates = readCertificates(endorsements, policy, verdict);
    await verifyCertificates(certificates, anchors, at, verdict);
    return [null, verdict.accepted('').message];
  } catch (error) {
    if (error instanceof Refusal) return [error.check, error.message];
    throw error;
  }
}

describe('what is pinned of the root counts', () => {
  test('as it is, all is well', async () => {
    expect(await verdictUnder(simulationAnchors)).toEqual([null, '']);
    expect(await verdictUnder(withRoot({}))).toEqual([null, '']);
  });

  test('its validity', async () => {
    expect(await verdictUnder(withRoot({ to: '2026-11-23T11:59:59Z' }))).toEqual([
      'certificate-validity',
      'the ARK holds from 2018-05-21T10:45:10Z to 2026-11-23T11:59:59Z, not at 2026-11-23T12:00:00Z',
    ]);
    expect((await verdictUnder(withRoot({ from: '2026-11-23T12:00:01Z' })))[0]).toBe(
      'certificate-validity',
    );
    expect(await verdictUnder(withRoot({ to: '2026-11-23T12:00:00Z' }))).toEqual([null, '']);
  });

  test('its key, with which the CRL must be signed', async () => {
    const { n } = simulationAnchors.amd.products.Milan.ask;
    expect(await verdictUnder(withRoot({ n }))).toEqual([
      'crl-signature',
      'the CRL is not signed by the pinned ARK of Milan',
    ]);
  });
});
