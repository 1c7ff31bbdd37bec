import {
  computeReportData,
  decodeAttestationReply,
  decodeByteString,
  decodeCollateral,
  decodeErrorText,
  decodeKeyset,
  encodeBase64url,
  type AttestationReply,
} from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { surfaces, type Surface } from '../../src/surface.ts';
import { createSimulatedService, type SimulatedService } from '../simulated-service.ts';

/** Where the 64 bytes of report data are in an SGX quote: after its header, in the report body. */
const reportDataOf = (quote: Uint8Array): Uint8Array => quote.subarray(48 + 320, 48 + 384);
const measurementOf = (quote: Uint8Array): Uint8Array => quote.subarray(48 + 64, 48 + 96);

let service: SimulatedService;
beforeAll(async () => {
  service = await createSimulatedService({ quotesPerMinute: '60' });
});
afterAll(async () => {
  await service.close();
});

async function get(
  path: string,
  surface: Surface = 'unattested',
  headers: Record<string, string> = {},
  address?: string,
): Promise<Response> {
  return service.app(new Request(`https://host${path}`, { headers }), surface, address);
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Length')).toBe(String(bytes.length));
  return bytes;
}

async function expectGenuine(reply: AttestationReply, nonce?: Uint8Array): Promise<void> {
  const { certificate, keyset, evidence } = reply;
  expect(reply.format).toBe('sgx-dcap');
  expect((await decodeKeyset(keyset, certificate)).config).toEqual(service.config);
  expect(reportDataOf(evidence)).toEqual(
    await computeReportData({ certificate, keyset, ...(nonce && { nonce }) }),
  );
  expect(measurementOf(evidence)).toEqual(service.measurement);
}

describe('GET /attestation', () => {
  it.each(surfaces)('answers a nonce with fresh evidence on the %s surface', async (surface) => {
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const path = `/attestation?nonce=${encodeBase64url(nonce)}`;
    const response = await get(path, surface);
    expect(response.headers.get('Content-Type')).toBe('application/cbor');
    await expectGenuine(decodeAttestationReply(await bytesOf(response), 'cbor'), nonce);
  });

  it('answers in JSON where that is asked for', async () => {
    const nonce = new Uint8Array(32).fill(255);
    const path = `/attestation?nonce=${encodeBase64url(nonce)}`;
    const response = await get(path, 'attested', { Accept: 'application/json' });
    expect(response.headers.get('Content-Type')).toBe('application/json');
    await expectGenuine(decodeAttestationReply(await bytesOf(response), 'json'), nonce);
  });

  it('answers with the boot evidence where there is no nonce', async () => {
    const reply = decodeAttestationReply(await bytesOf(await get('/attestation')), 'cbor');
    await expectGenuine(reply);
  });

  it.each([
    '?nonce=',
    '?nonce',
    `?nonce=${'A'.repeat(42)}`,
    `?nonce=${'A'.repeat(44)}`,
    `?nonce=${'A'.repeat(42)}B`,
    `?nonce=${'A'.repeat(43)}=`,
    `?nonce=${'%2B'.repeat(43)}`,
    `?nonce=${'A'.repeat(43)}&nonce=${'A'.repeat(43)}`,
    `?nonce=${'A'.repeat(43)}&other=1`,
    `?Nonce=${'A'.repeat(43)}`,
    '?other=1',
  ])('refuses the query %s with malformed', async (query) => {
    const response = await get(`/attestation${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('Blindai-Error')).toBe('malformed');
  });

  it('refuses with too-many-requests an address that asks too often, and no other', async () => {
    const ask = async (address: string): Promise<Response> => {
      const nonce = crypto.getRandomValues(new Uint8Array(32));
      return get(`/attestation?nonce=${encodeBase64url(nonce)}`, 'attested', {}, address);
    };
    for (let asked = 0; asked < 60; asked += 1) {
      expect((await ask('192.0.2.1')).status).toBe(200);
    }
    const refused = await ask('192.0.2.1');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('Retry-After'))).toBe(1);
    const error = decodeErrorText(new Uint8Array(await refused.arrayBuffer()));
    expect(error.code).toBe('too-many-requests');
    expect(error.message).not.toContain('192');
    expect((await ask('192.0.2.2')).status).toBe(200);
    expect((await get('/attestation', 'attested', {}, '192.0.2.1')).status).toBe(200);
  });
});

describe("BlindAI's evidence", () => {
  it('is certificate, quote and collateral of one boot', async () => {
    const certificate = decodeByteString(await bytesOf(await get('/')));
    const evidence = decodeByteString(await bytesOf(await get('/quote')));
    const endorsements = decodeCollateral(await bytesOf(await get('/collateral')));
    expect(Object.keys(endorsements).sort()).toEqual(
      [
        'version',
        'pck_crl_issuer_chain',
        'root_ca_crl',
        'pck_crl',
        'tcb_info_issuer_chain',
        'tcb_info',
        'qe_identity_issuer_chain',
        'qe_identity',
        'pck_certificate',
        'pck_signing_chain',
      ].sort(),
    );
    await expectGenuine({
      format: 'sgx-dcap',
      evidence,
      endorsements,
      certificate,
      keyset: service.identity.keyset,
    });
    expect(reportDataOf(evidence).subarray(0, 32)).toEqual(
      new Uint8Array(await crypto.subtle.digest('SHA-256', certificate.slice())),
    );
  });

  it('says in the header that it is simulated', async () => {
    expect((await get('/')).headers.get('Server')).toBe('blindai mock (testing)');
  });

  it.each(['/', '/quote', '/collateral'])('is on no other port: %s', async (path) => {
    for (const surface of ['attested', 'management'] as const) {
      expect((await get(path, surface)).headers.get('Blindai-Error')).toBe('wrong-surface');
    }
  });
});

describe('health', () => {
  it('is for probes on the unattested and the attested surface', async () => {
    for (const surface of ['unattested', 'attested'] as const) {
      expect(await (await get('/v2/health/live', surface)).json()).toEqual({ live: true });
      expect(await (await get('/v2/health/ready', surface)).json()).toEqual({
        live: true,
        ready: true,
      });
    }
    const elsewhere = await get('/v2/health/live', 'management');
    expect(await elsewhere.json()).toMatchObject({
      error: expect.stringMatching(/^wrong-surface: /) as unknown,
    });
  });
});
