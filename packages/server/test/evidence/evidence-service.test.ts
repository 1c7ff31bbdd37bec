import { computeReportData, toHex } from '@blindai/protocol';
import { describe, expect, it, vi } from 'vitest';
import { AddressBudget } from '../../src/access/address-budget.ts';
import {
  EvidenceService,
  type EvidenceServiceOptions,
} from '../../src/evidence/evidence-service.ts';
import type { Evidence } from '../../src/evidence/provider.ts';
import type { Identity } from '../../src/identity.ts';

const identity = {
  certificate: Uint8Array.of(1),
  keyset: Uint8Array.of(2),
  privateKeyPem: '',
} satisfies Identity;
const nonce = (first: number): Uint8Array => new Uint8Array(32).fill(first);

/** A provider whose evidence is the report data, made when `finish` is called. */
function createHeldProvider() {
  const held: { reportData: Uint8Array; finish: (error?: Error) => void }[] = [];
  return {
    held,
    tee: 'simulation',
    format: 'sgx-dcap',
    measurement: new Uint8Array(32),
    attest: async (reportData: Uint8Array) =>
      new Promise<Evidence>((resolve, reject) => {
        held.push({
          reportData,
          finish: (error) => {
            if (error !== undefined) reject(error);
            else resolve({ evidence: reportData, endorsements: {}, renewAt: new Date(5000) });
          },
        });
      }),
  } as const;
}

function createService(options: Partial<EvidenceServiceOptions> = {}) {
  const provider = createHeldProvider();
  const service = new EvidenceService({
    provider,
    identity,
    budget: new AddressBudget(100, () => 0),
    maxQueued: 3,
    now: () => new Date(0),
    ...options,
  });
  return { provider, service };
}

/** Waits until the provider was asked as often as that. */
async function asked(provider: ReturnType<typeof createHeldProvider>, times: number) {
  await vi.waitFor(() => expect(provider.held.length).toBeGreaterThanOrEqual(times));
  expect(provider.held).toHaveLength(times);
  return provider.held.at(-1)!;
}

describe('fresh evidence', () => {
  it('covers certificate, keyset and nonce', async () => {
    const { provider, service } = createService();
    const reply = service.fresh(nonce(7), 'a');
    (await asked(provider, 1)).finish();
    expect(await reply).toEqual({
      format: 'sgx-dcap',
      evidence: await computeReportData({ ...identity, nonce: nonce(7) }),
      endorsements: {},
      certificate: identity.certificate,
      keyset: identity.keyset,
    });
  });

  it('is made once for equal nonces, and again when that is done', async () => {
    const { provider, service } = createService();
    const replies = [service.fresh(nonce(7), 'a'), service.fresh(nonce(7), 'b')];
    (await asked(provider, 1)).finish();
    expect(new Set((await Promise.all(replies)).map(({ evidence }) => toHex(evidence))).size).toBe(
      1,
    );
    void service.fresh(nonce(7), 'a');
    await asked(provider, 2);
  });

  it('is made one at a time, also after a failure', async () => {
    const { provider, service } = createService();
    const first = expect(service.fresh(nonce(1), 'a')).rejects.toThrow('no hardware');
    const second = service.fresh(nonce(2), 'a');
    await asked(provider, 1);
    (await asked(provider, 1)).finish(new Error('no hardware'));
    await first;
    (await asked(provider, 2)).finish();
    expect((await second).evidence).toEqual(provider.held[1]?.reportData);
  });

  it('refuses with too-many-requests when the queue is full', async () => {
    const { provider, service } = createService();
    const waiting = [1, 2, 3].map(async (first) => service.fresh(nonce(first), 'a'));
    await expect(service.fresh(nonce(4), 'b')).rejects.toMatchObject({
      code: 'too-many-requests',
      headers: { 'Retry-After': '1' },
    });
    for (let made = 0; made < 3; made += 1) {
      (await asked(provider, made + 1)).finish();
    }
    await Promise.all(waiting);
    void service.fresh(nonce(4), 'b');
    await asked(provider, 4);
  });

  it('refuses with too-many-requests an address that has spent its budget, and no other', async () => {
    const { provider, service } = createService({ budget: new AddressBudget(2, () => 0) });
    for (const first of [1, 1]) void service.fresh(nonce(first), 'a');
    await expect(service.fresh(nonce(1), 'a')).rejects.toMatchObject({
      code: 'too-many-requests',
      headers: { 'Retry-After': '30' },
    });
    void service.fresh(nonce(1), 'b');
    await asked(provider, 1);
  });
});

describe('boot evidence', () => {
  it('covers certificate and keyset, is made once, and again when it grows old', async () => {
    let now = new Date(0);
    const { provider, service } = createService({ now: () => now });
    const first = service.boot();
    (await asked(provider, 1)).finish();
    expect((await first).evidence).toEqual(await computeReportData(identity));
    now = new Date(4999);
    await service.boot();
    expect(provider.held).toHaveLength(1);
    now = new Date(5000);
    const second = service.boot();
    (await asked(provider, 2)).finish();
    await second;
    expect(provider.held).toHaveLength(2);
  });

  it('is made again after a failure', async () => {
    const { provider, service } = createService();
    const first = expect(service.boot()).rejects.toThrow('no hardware');
    (await asked(provider, 1)).finish(new Error('no hardware'));
    await first;
    const second = service.boot();
    (await asked(provider, 2)).finish();
    await second;
  });
});
