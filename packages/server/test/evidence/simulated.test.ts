import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSimulatedProvider } from '../../src/evidence/simulated.ts';

const start = new Date('2026-01-01T00:00:00Z');
const hours = (count: number): Date => new Date(start.getTime() + count * 3_600_000);

function nextUpdate(tcbInfo: unknown): Date {
  const { tcbInfo: info } = JSON.parse(String(tcbInfo)) as { tcbInfo: { nextUpdate: string } };
  return new Date(info.nextUpdate);
}

describe('createSimulatedProvider', () => {
  it('says in every certificate that it is a simulation', async () => {
    const provider = await createSimulatedProvider(new Uint8Array(32), () => start);
    const { endorsements } = await provider.attest(new Uint8Array(64));
    const certificate = new X509Certificate(String(endorsements['pck_certificate']));
    expect(certificate.subject).toContain('SIMULATION');
    expect(provider.tee).toBe('simulation');
  });

  it('renews its collateral long before it ends, for the same machine', async () => {
    let now = start;
    const provider = await createSimulatedProvider(new Uint8Array(32), () => now);
    const first = await provider.attest(new Uint8Array(64));
    expect(first.renewAt).toEqual(hours(1));
    now = new Date(hours(1).getTime() - 1);
    expect((await provider.attest(new Uint8Array(64))).endorsements).toEqual(first.endorsements);
    for (const later of [hours(1), hours(24 * 40)]) {
      now = later;
      const { endorsements, renewAt } = await provider.attest(new Uint8Array(64));
      expect(endorsements['pck_certificate']).toBe(first.endorsements['pck_certificate']);
      expect(endorsements['tcb_info']).not.toBe(first.endorsements['tcb_info']);
      expect(renewAt.getTime()).toBeGreaterThan(now.getTime());
      expect(nextUpdate(endorsements['tcb_info']).getTime()).toBeGreaterThan(renewAt.getTime());
    }
  });
});
