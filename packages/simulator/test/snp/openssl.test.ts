import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { createSnpPlatform, expired, notYetValid, snpProducts } from '../../src/index.ts';
import type { SnpPlatformOptions } from '../../src/index.ts';
import { flipLastBit } from '../flip.ts';

const at = new Date('2026-11-23T12:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'blindai-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** X509_V_ERR_… by number: the texts differ between versions. */
const codes: Record<number, string> = {
  7: 'certificate signature failure',
  8: 'CRL signature failure',
  9: 'certificate is not yet valid',
  10: 'certificate has expired',
  11: 'CRL is not yet valid',
  12: 'CRL has expired',
  23: 'certificate revoked',
};

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function openssl(...options: string[]): string {
  const instant = ['-attime', String(at.getTime() / 1000)];
  const { stdout, stderr } = spawnSync('openssl', ['verify', ...instant, ...options]);
  const said = `${stdout.toString()}${stderr.toString()}`;
  const code = /error (?<code>\d+) at \d depth lookup/.exec(said)?.groups?.['code'];
  return /OK$/m.test(said) ? 'OK' : (codes[Number(code)] ?? said);
}

/**
 * What openssl says of the endorsement key's certificate (which, as AMD's, has no key identifiers, so not at its
 * strictest), and of the intermediate together with the CRL.
 */
async function judge(
  options: Omit<SnpPlatformOptions, 'at'>,
): Promise<{ ek: string; intermediate: string }> {
  const platform = await createSnpPlatform({ ...options, at });
  const { ark, ask, asvk } = await platform.authorities();
  const root = file('root.pem', ark.pem);
  const intermediate = file('intermediate.pem', (options.key === 'vlek' ? asvk : ask).pem);
  const crl = file('root.crl', platform.crlPem);
  return {
    ek: openssl('-CAfile', root, '-untrusted', intermediate, file('ek.pem', platform.ekPem)),
    intermediate: openssl(
      '-x509_strict',
      '-check_ss_sig',
      '-crl_check_all',
      '-CAfile',
      root,
      '-CRLfile',
      crl,
      intermediate,
    ),
  };
}

const good = { ek: 'OK', intermediate: 'OK' };

describe.skipIf(!available('openssl', spawnSync('openssl', ['version']).status === 0))(
  'openssl',
  () => {
    test.each(snpProducts)('accepts the chains and the CRL of a good %s', async (product) => {
      expect(await judge({ product })).toEqual(good);
      expect(await judge({ product, key: 'vlek' })).toEqual(good);
      expect(await judge({ product, certificate: { trailerField: true } })).toEqual(good);
    });

    test('sees what is revoked', async () => {
      const revoked = { ...good, intermediate: 'certificate revoked' };
      expect(await judge({ revoked: ['ask'] })).toEqual(revoked);
      expect(await judge({ revoked: ['asvk'] })).toEqual(good);
      expect(await judge({ revoked: ['asvk', 'ask'], key: 'vlek' })).toEqual(revoked);
    });

    test('sees what has expired or is not valid yet', async () => {
      const [past, future] = [expired(at), notYetValid(at)];
      expect(await judge({ certificate: { validity: past } })).toEqual({
        ...good,
        ek: 'certificate has expired',
      });
      expect(await judge({ certificate: { validity: future } })).toEqual({
        ...good,
        ek: 'certificate is not yet valid',
      });
      expect(await judge({ crl: { validity: past } })).toEqual({
        ...good,
        intermediate: 'CRL has expired',
      });
      expect(await judge({ crl: { validity: future } })).toEqual({
        ...good,
        intermediate: 'CRL is not yet valid',
      });
    });

    test('sees what was tampered with', async () => {
      expect(await judge({ certificate: { tamper: flipLastBit } })).toEqual({
        ...good,
        ek: 'certificate signature failure',
      });
      expect(await judge({ crl: { tamper: flipLastBit } })).toEqual({
        ...good,
        intermediate: 'CRL signature failure',
      });
    });
  },
);
