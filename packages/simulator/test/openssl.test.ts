import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createPlatform, expired, generateKeys } from '../src/index.ts';
import type { PlatformOptions } from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'blindai-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const absent = spawnSync('openssl', ['version']).status !== 0;
if (absent) process.stderr.write('skipped: no openssl here to judge certificates and CRLs\n');

/** X509_V_ERR_… by number: the texts differ between versions. */
const codes: Record<number, string> = {
  7: 'certificate signature failure',
  8: 'CRL signature failure',
  10: 'certificate has expired',
  12: 'CRL has expired',
  23: 'certificate revoked',
};

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** What openssl says of the two chains of a platform, at its strictest. */
async function judge(options: Omit<PlatformOptions, 'at'>): Promise<{ pck: string; tcb: string }> {
  const { collateral, rootPem } = await createPlatform({ ...options, at });
  const [intermediate] = collateral.pck_signing_chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const [tcbSigning] = collateral.tcb_info_issuer_chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const verify = (leaf: string): string => {
    const { stdout, stderr } = spawnSync('openssl', [
      'verify',
      '-x509_strict',
      '-check_ss_sig',
      '-crl_check_all',
      '-attime',
      String(at.getTime() / 1000),
      '-CAfile',
      file('root.pem', rootPem),
      '-untrusted',
      file('intermediate.pem', intermediate ?? ''),
      '-CRLfile',
      file('root.crl', collateral.root_ca_crl),
      '-CRLfile',
      file('pck.crl', collateral.pck_crl),
      file('leaf.pem', leaf),
    ]);
    const said = `${stdout.toString()}${stderr.toString()}`;
    const code = /error (?<code>\d+) at \d depth lookup/.exec(said)?.groups?.['code'];
    return /OK$/m.test(said) ? 'OK' : (codes[Number(code)] ?? said);
  };
  return { pck: verify(collateral.pck_certificate), tcb: verify(tcbSigning ?? '') };
}

describe.skipIf(absent)('openssl', () => {
  test('accepts the chains and CRLs of a good platform', async () => {
    expect(await judge({})).toEqual({ pck: 'OK', tcb: 'OK' });
  });

  test.each([
    ['pck', { pck: 'certificate revoked', tcb: 'OK' }],
    ['intermediate', { pck: 'certificate revoked', tcb: 'OK' }],
    ['tcbSigning', { pck: 'OK', tcb: 'certificate revoked' }],
  ] as const)('sees that the %s certificate is revoked', async (name, verdicts) => {
    expect(await judge({ revoked: [name] })).toEqual(verdicts);
  });

  test('sees what has expired', async () => {
    const validity = expired(at);
    expect(await judge({ certificates: { pck: { validity } } })).toEqual({
      pck: 'certificate has expired',
      tcb: 'OK',
    });
    expect(await judge({ crls: { root: { validity } } })).toEqual({
      pck: 'CRL has expired',
      tcb: 'CRL has expired',
    });
  });

  test('sees that another key signed', async () => {
    const signedBy = (await generateKeys()).privateKey;
    expect(await judge({ certificates: { tcbSigning: { signedBy } } })).toEqual({
      pck: 'OK',
      tcb: 'certificate signature failure',
    });
    expect(await judge({ crls: { pck: { signedBy } } })).toEqual({
      pck: 'CRL signature failure',
      tcb: 'OK',
    });
  });
});
