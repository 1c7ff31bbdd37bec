import {
  acceptMissingCrl,
  anyMeasurement,
  AttestationError,
  parseManifest,
  type Report,
} from '@blindai/attestation';
import {
  computeReportData,
  encodeAttestationReply,
  encodeKeyset,
  type AttestationReply,
} from '@blindai/protocol';
import { createSnpPlatform } from '@blindai/simulator';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { verifyServerEvidence, type ReceivedEvidence } from '../src/attested-server.ts';
import {
  attestationPolicy,
  type ServerPolicy,
  type UnmatchedServerPolicy,
} from '../src/server-policy.ts';
import { createIdentity } from './node/identity.ts';
import { config } from './node/simulated-blindai.ts';

const at = new Date();
const nonce = new Uint8Array(32).fill(7);
const { certificate } = await createIdentity();
const platform = await createSnpPlatform({ at });

const manifest = parseManifest(`version = 1
[[sev_snp]]
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
measurement = "${'5a'.repeat(48)}"
guest_policy = { smt = true, abi_major = 0, abi_minor = 31 }
minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }
`);

/** What arrives from a server in an SEV-SNP guest. */
async function receive(endorsements: AttestationReply['endorsements']): Promise<ReceivedEvidence> {
  const tls = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(certificate)));
  const keyset = encodeKeyset({ tls, config });
  const reportData = await computeReportData({ certificate, keyset, nonce });
  const measurement = new Uint8Array(48).fill(0x5a);
  const evidence = await platform.report({ reportData, measurement });
  const reply = { format: 'sev-snp', evidence, endorsements, certificate, keyset } as const;
  return {
    reply: encodeAttestationReply(reply, 'cbor'),
    certificate,
    nonce,
    tlsGroup: 'X25519',
  };
}

async function reportOf(
  received: ReceivedEvidence,
  policy: ServerPolicy | UnmatchedServerPolicy,
): Promise<Report> {
  try {
    return (await verifyServerEvidence(received, policy, at)).report;
  } catch (error) {
    if (error instanceof AttestationError) return error.report;
    throw error;
  }
}

const { ek, crl } = platform.endorsements;

const toConnect: ServerPolicy = { simulation: true, manifest };
const toLook: UnmatchedServerPolicy = { simulation: true, [anyMeasurement]: true };

describe.each([
  ['connect', toConnect],
  ['verify --any-measurement', toLook],
] as const)('a server in an SEV-SNP guest, judged by %s', (_, policy) => {
  test('is accepted with the certificate of its key and a revocation list', async () => {
    const report = await reportOf(await receive({ ek, crl }), policy);
    expect(report).toMatchObject({ verdict: 'accept', format: 'sev-snp' });
  });

  test('is refused without a revocation list, whoever asks', async () => {
    const received = await receive({ ek });
    expect((await reportOf(received, policy)).check).toBe('crl');
    const insisting = { [acceptMissingCrl]: true };
    expect((await reportOf(received, { ...policy, ...insisting })).check).toBe('crl');
  });

  test('is refused with one that lists the key above its own', async () => {
    const revoked = await platform.issueCrl(at, { revoked: ['ask'] });
    const report = await reportOf(await receive({ ek, crl: revoked }), policy);
    expect(report.check).toBe('certificate-revoked');
  });
});

test('no policy for a server can do without a revocation list', async () => {
  expectTypeOf<typeof acceptMissingCrl>().not.toExtend<keyof ServerPolicy>();
  expectTypeOf<typeof acceptMissingCrl>().not.toExtend<keyof UnmatchedServerPolicy>();
  const insisting = { simulation: true, manifest, [acceptMissingCrl]: true };
  expect(Reflect.ownKeys(await attestationPolicy(insisting))).not.toContain(acceptMissingCrl);
});
