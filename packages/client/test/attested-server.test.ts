import { AttestationError, parseManifest, type Check } from '@blindai/attestation';
import { encodeKeyset } from '@blindai/protocol';
import { encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  verifyFurtherConnection,
  verifyServerEvidence,
  type ReceivedEvidence,
} from '../src/attested-server.ts';
import { createIdentity, type Identity } from './node/identity.ts';
import { attest, config, manifest as accepting } from './node/simulated-blindai.ts';

const nonce = new Uint8Array(32).fill(7);
const manifest = parseManifest(accepting);
const policy = { simulation: true, manifest };
let identity: Identity;
let tls: Uint8Array;

beforeAll(async () => {
  identity = await createIdentity();
  const { certificate } = identity;
  tls = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(certificate)));
});

/** What arrives from a server whose evidence covers this keyset. */
async function receive(keyset?: Uint8Array): Promise<ReceivedEvidence> {
  return {
    reply: await attest(identity, nonce, keyset === undefined ? {} : { keyset }),
    certificate: identity.certificate,
    nonce,
    tlsGroup: 'X25519',
  };
}

/** A keyset whose settings are changed, whatever their types say. */
function withConfig(changes: object): Uint8Array {
  return encodeKeyset({ tls, config: { ...config, ...changes } });
}

async function expectRefusal(
  received: ReceivedEvidence,
  check: Check,
  message: string,
  demanded: Parameters<typeof verifyServerEvidence>[1] = policy,
): Promise<void> {
  const error: unknown = await verifyServerEvidence(received, demanded, new Date()).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AttestationError);
  const { report } = error as AttestationError;
  expect(error).toMatchObject({ code: 'attestation-refused', check });
  expect(report).toMatchObject({ verdict: 'refuse', check });
  expect(report.message).toContain(message);
  const refused = report.checks.findIndex(({ name }) => name === check);
  expect(report.checks.at(refused)).toMatchObject({ result: 'refused' });
  for (const row of report.checks.slice(refused + 1)) expect(row.result).toBe('not-reached');
  expect(report.checks.slice(-3).map(({ name }) => name)).toEqual([
    'keyset',
    'config',
    'transport',
  ]);
}

describe('the keyset that the evidence covers', () => {
  it('must be in core deterministic encoding', async () => {
    const unsorted = encode(
      new Map<string, unknown>([
        ['v', 1],
        ['tls', tls],
        ['config', config],
      ]),
      {
        mapSorter: () => 0,
      },
    );
    await expectRefusal(await receive(unsorted), 'keyset', 'core deterministic encoding');
  });

  it('must have nothing after it', async () => {
    const longer = Uint8Array.from([...withConfig({}), 0]);
    await expectRefusal(await receive(longer), 'keyset', 'followed by other bytes');
  });

  it('must name the certificate of the connection', async () => {
    const other = encodeKeyset({ tls: new Uint8Array(32), config });
    await expectRefusal(await receive(other), 'keyset', 'tls must be');
  });

  it.each([
    ['tee', 'arm-cca'],
    ['isolation', 'some'],
    ['anonymous', 1],
    ['storage', 'open'],
    ['stateFreshness', 'maybe'],
    ['time', 'ntp'],
    ['issuers', false],
    ['version', 7],
  ])('must have a known value of %s', async (member, value) => {
    await expectRefusal(
      await receive(withConfig({ [member]: value })),
      'keyset',
      `config must hold a known value of ${member}`,
    );
  });

  it('must have no unknown setting, which could weaken something', async () => {
    await expectRefusal(await receive(withConfig({ debug: false })), 'keyset', 'unknown member');
  });
});

describe('the settings in it', () => {
  it('must be of the TEE that the evidence is of', async () => {
    const keyset = encodeKeyset({ tls, config: { ...config, tee: 'sgx' } });
    await expectRefusal(await receive(keyset), 'config', 'the server says sgx');
  });

  it('must be as isolated as the manifest says', async () => {
    const demanded = parseManifest(accepting.replace('"none"', '"separated"'));
    await expectRefusal(await receive(), 'config', 'at least separated', {
      simulation: true,
      manifest: demanded,
    });
  });

  it('must not be anonymous where the manifest says so', async () => {
    const demanded = parseManifest(accepting.replace('anonymous = true', 'anonymous = false'));
    await expectRefusal(await receive(), 'config', 'the server is anonymous', {
      simulation: true,
      manifest: demanded,
    });
  });
});

describe('the key exchange', () => {
  const demanding = {
    simulation: true,
    manifest: parseManifest(`${accepting}[transport]\npost_quantum = true\n`),
  };

  it('must be post-quantum where the manifest says so', async () => {
    await expectRefusal(await receive(), 'transport', 'post-quantum', demanding);
    const hybrid = { ...(await receive()), tlsGroup: 'X25519MLKEM768' };
    const server = await verifyServerEvidence(hybrid, demanding, new Date());
    expect(server).toMatchObject({ tls: { group: 'X25519MLKEM768' } });
  });

  it('must be so on every further connection', async () => {
    const hybrid = { ...(await receive()), tlsGroup: 'X25519MLKEM768' };
    const server = await verifyServerEvidence(hybrid, demanding, new Date());
    expect(() => verifyFurtherConnection(server, 'X25519MLKEM768', demanding)).not.toThrow();
    expect(() => verifyFurtherConnection(server, 'X25519', demanding)).toThrow(
      expect.objectContaining({ check: 'transport' }),
    );
  });
});

describe('the certificate', () => {
  it('is the one of the connection, whatever the reply says', async () => {
    const other = await createIdentity();
    const received = { ...(await receive()), certificate: other.certificate };
    await expectRefusal(received, 'report-data', '');
  });
});

describe('evidence after random changes', () => {
  it('is refused as an attestation, and nothing else', async () => {
    const received = await receive();
    let state = 7;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const reply = new Uint8Array(received.reply);
      const at = random(reply.length);
      reply[at] = reply.at(at)! ^ (1 + random(255));
      const outcome: unknown = await verifyServerEvidence(
        { ...received, reply },
        policy,
        new Date(),
      ).catch((error: unknown) => error);
      expect(outcome, `byte ${at} changed`).toBeInstanceOf(AttestationError);
    }
  });
});
