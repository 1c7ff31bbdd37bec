import { createHash } from 'node:crypto';
import { isVerified } from '@blindai/attestation';
import { describe, expect, it } from 'vitest';
import { anyMeasurement, verifyServer } from '../../src/node/index.ts';
import { createIdentity } from './identity.ts';
import { startRecordingServer } from './recording-server.ts';
import { manifest, serveSimulated } from './simulated-blindai.ts';

const identity = await createIdentity();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('verifyServer', () => {
  it('tells what it found, and sends nothing but the request for evidence', async () => {
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
    );
    const options = { attestedPort: server.port, simulation: true, manifest };
    const found = await verifyServer('localhost', options);
    expect(found.report.verdict).toBe('accept');
    expect(isVerified(found.claims)).toBe(true);
    expect(found.certificate).toEqual(identity.certificate);
    expect(found.certificateSha256).toBe(sha256(identity.certificate));
    expect(Buffer.from(found.keyset.tls).toString('hex')).toBe(found.certificateSha256);
    expect(found.keysetSha256).toBe(sha256(found.encodedKeyset));
    expect(found.config.tee).toBe('simulation');
    expect(server.connections).toHaveLength(1);
    expect(server.connections.at(0)!.received).toMatch(/^GET \/attestation(?![^]*POST)/);
  });

  it('takes any measurement by a symbol, for claims that nothing else takes', async () => {
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
    );
    const { claims, report } = await verifyServer('localhost', {
      attestedPort: server.port,
      simulation: true,
      [anyMeasurement]: true,
    });
    expect(isVerified(claims)).toBe(false);
    expect(report.checks).toContainEqual(
      expect.objectContaining({ name: 'measurement', result: 'weakened' }),
    );
  });

  it('refuses as connect does, and closes the connection', async () => {
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
    );
    const options = { attestedPort: server.port, manifest };
    await expect(verifyServer('localhost', options)).rejects.toMatchObject({
      code: 'attestation-refused',
      check: 'trust-anchor',
    });
    await expect(verifyServer('localhost', { attestedPort: server.port })).rejects.toThrow(
      'a manifest is required',
    );
  });
});
