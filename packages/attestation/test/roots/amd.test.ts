import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { amdSimulationRoots, snpProducts } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import { vendorAnchors } from '../../src/index.ts';
import type { PinnedAuthority, TrustAnchors } from '../../src/roots/trust-anchors.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { verifySignature } from '../../src/x509/signature.ts';
import { parseSigned } from '../../src/x509/signed.ts';

const folder = 'vectors/trust-anchors/amd';
const haveCertificates = sharedAvailable(folder);

/** An intermediate and its root, as AMD serves them. */
const files = {
  Milan: { ask: 'ask_ark_milan.pem', asvk: 'ask_ark_milan_vlek.pem' },
  Genoa: { ask: 'ask_ark_genoa.pem', asvk: 'ask_ark_genoa_vlek.pem' },
  Turin: { ask: 'ask_ark_turin_vcek.pem', asvk: 'ask_ark_turin_vlek.pem' },
} as const;

/** By OpenSSL: our own reader refuses them, as their key usage has a bit too many to be DER. */
function readChain(file: string): [X509Certificate, X509Certificate] {
  const pem = readFileSync(`${sharedFolder}/${folder}/${file}`, 'utf8');
  const blocks = pem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  expect(blocks).toHaveLength(2);
  return [new X509Certificate(blocks[0]!), new X509Certificate(blocks[1]!)];
}

function seconds(time: string): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** What is to be pinned of a certificate. */
function pinnedOf(certificate: X509Certificate): PinnedAuthority {
  const { publicKey, serialNumber, validFrom, validTo } = certificate;
  const { n = '', e } = publicKey.export({ format: 'jwk' });
  expect(e).toBe('AQAB');
  return {
    serialNumber: serialNumber.toLowerCase(),
    from: seconds(validFrom),
    to: seconds(validTo),
    n,
  };
}

/** As the verifier writes names: attributes in order, by object identifier. */
function nameOf({ subject }: X509Certificate): string {
  const ids: Record<string, string> = { OU: '11', C: '6', L: '7', ST: '8', O: '10', CN: '3' };
  const attributes = subject.split('\n').map((attribute) => {
    const [type = '', value] = attribute.split('=');
    return `2.5.4.${ids[type]}=${value}`;
  });
  return attributes.join(',');
}

/** Whether the pinned key signed it, by our own code. */
async function isSignedWith({ n }: PinnedAuthority, { raw }: X509Certificate): Promise<boolean> {
  const { signedWith, signature, bodyBytes } = parseSigned('certificate', new Uint8Array(raw));
  const modulus = new Uint8Array(Buffer.from(n, 'base64url'));
  return verifySignature({ kind: 'RSA-4096', modulus }, signature, bodyBytes).then(
    (isSigned) => isSigned && signedWith === 'RSA-4096',
  );
}

describe.skipIf(!haveCertificates)("AMD's own certificates", () => {
  const { namePrefix, products } = vendorAnchors.amd;

  describe.each(snpProducts)('of %s', (product) => {
    const pinned = products[product];

    test.each(['ask', 'asvk'] as const)('%s and ARK are the pinned ones', (kind) => {
      const [intermediate, root] = readChain(files[product][kind]);
      expect(pinned[kind]).toEqual(pinnedOf(intermediate));
      expect(pinned.ark).toEqual(pinnedOf(root));
      const name = kind === 'ask' ? 'SEV' : 'SEV-VLEK';
      expect(nameOf(intermediate)).toBe(`${namePrefix}${name}-${product}`);
      expect(nameOf(root)).toBe(`${namePrefix}ARK-${product}`);
    });

    test.each(['ask', 'asvk'] as const)('the ARK signed the %s, and itself', async (kind) => {
      const [intermediate, root] = readChain(files[product][kind]);
      expect(await isSignedWith(pinned.ark, intermediate)).toBe(true);
      expect(await isSignedWith(pinned.ark, root)).toBe(true);
      expect(await isSignedWith(pinned[kind], intermediate)).toBe(false);
      // A second opinion, of OpenSSL.
      expect(intermediate.verify(root.publicKey)).toBe(true);
      expect(root.verify(root.publicKey)).toBe(true);
    });
  });
});

test("the simulation pins the simulator's keys", () => {
  for (const product of snpProducts) {
    for (const kind of ['ark', 'ask', 'asvk'] as const) {
      const { n, serialNumber, from, to } = amdSimulationRoots[product][kind];
      const pinned = simulationAnchors.amd.products[product][kind];
      expect({ ...pinned, from: new Date(pinned.from), to: new Date(pinned.to) }).toEqual({
        n,
        serialNumber,
        from,
        to,
      });
    }
  }
});

function moduli({ amd }: TrustAnchors): string[] {
  return Object.values(amd.products).flatMap(({ ark, ask, asvk }) => [ark.n, ask.n, asvk.n]);
}

test('no key is in both sets', () => {
  const vendor = moduli(vendorAnchors);
  expect(new Set(vendor).size).toBe(9);
  expect(moduli(simulationAnchors).filter((n) => vendor.includes(n))).toEqual([]);
  expect(vendorAnchors.amd.namePrefix).not.toBe(simulationAnchors.amd.namePrefix);
});

test('a set cannot be changed', () => {
  const { ask } = vendorAnchors.amd.products.Milan as { ask: { n: string } };
  expect(() => {
    ask.n = simulationAnchors.amd.products.Milan.ask.n;
  }).toThrow(TypeError);
  expect(Object.isFrozen(vendorAnchors.amd.products)).toBe(true);
});
