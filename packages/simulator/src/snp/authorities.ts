import { signCertificate } from '../authority/certificate.ts';
import { importRsaKeys, keyIdentifier } from '../authority/keys.ts';
import type { SimulatedCertificate } from '../certificate.ts';
import { element } from '../der.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '../x509.ts';
import type { Name } from '../x509.ts';
import { amdName } from './distinguished-name.ts';
import { amdSimulationRoots } from './product.ts';
import type { AmdSimulationRoots, SnpProduct } from './product.ts';
import { publicAmdPrivateKeys } from './public-keys.ts';

/** AMD's own certificates of a product: the root over what signs VCEKs and over what signs VLEKs. */
export interface AmdAuthorities {
  readonly ark: SimulatedCertificate;
  readonly ask: SimulatedCertificate;
  readonly asvk: SimulatedCertificate;
}

type AuthorityName = keyof AmdSimulationRoots;

/** The key pair of one of the fake AMD's own certificates. */
export async function amdKeys(name: AuthorityName): Promise<CryptoKeyPair> {
  return importRsaKeys(publicAmdPrivateKeys[name]);
}

/** What one of them is called in a product's certificates. */
export function authorityName(name: AuthorityName, product: SnpProduct): Name {
  const prefixes = { ark: 'ARK', ask: 'SEV', asvk: 'SEV-VLEK' } as const;
  return amdName(`${prefixes[name]}-${product}`);
}

/**
 * Issues the fake AMD's own certificates of a product. Their keys, serial numbers and validity are the ones
 * that verifiers pin; their signatures, being randomised, differ each time.
 */
export async function issueAmdAuthorities(product: SnpProduct): Promise<AmdAuthorities> {
  const root = await amdKeys('ark');
  const rootKeyId = await keyIdentifier(root.publicKey);
  const issue = async (
    name: AuthorityName,
    keys: CryptoKeyPair,
    extensions: readonly Extension[],
  ): Promise<SimulatedCertificate> => {
    const pinned = amdSimulationRoots[product][name];
    const path = name === 'asvk' ? 'vlek' : 'vcek';
    const crlUrl = `https://kds.blindai-simulation.invalid/${path}/v1/${product}/crl`;
    return signCertificate({
      template: {
        serialNumber: pinned.serialNumber,
        subject: authorityName(name, product),
        issuer: authorityName('ark', product),
        validity: pinned,
        extensions: [...extensions, new CRLDistributionPointsExtension([crlUrl])],
      },
      keys,
      signingKey: root.privateKey,
      trailerField: true,
    });
  };
  // AMD writes the key usage keyCertSign with one unused bit, where DER would have two.
  const intermediate = async (name: AuthorityName): Promise<SimulatedCertificate> => {
    const keys = await amdKeys(name);
    return issue(name, keys, [
      new SubjectKeyIdentifierExtension(await keyIdentifier(keys.publicKey)),
      new AuthorityKeyIdentifierExtension(rootKeyId),
      new BasicConstraintsExtension(true, 0, true),
      new Extension('2.5.29.15', true, element(0x03, Uint8Array.of(1, 0x04))),
    ]);
  };
  return {
    ark: await issue('ark', root, [
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new SubjectKeyIdentifierExtension(rootKeyId),
      new BasicConstraintsExtension(true, undefined, true),
    ]),
    ask: await intermediate('ask'),
    asvk: await intermediate('asvk'),
  };
}
