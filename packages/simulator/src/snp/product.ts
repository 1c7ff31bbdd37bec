import type { Validity } from '../validity.ts';
import { publicAmdPrivateKeys } from './public-keys.ts';

/** Product lines of AMD's processors, each with a root of its own. Genoa stands for Bergamo and Siena too. */
export const snpProducts = ['Milan', 'Genoa', 'Turin'] as const;

/** A product line of AMD's processors. */
export type SnpProduct = (typeof snpProducts)[number];

/** What a verifier pins of one of the fake AMD's own certificates. */
export interface AmdSimulationKey extends Validity {
  /** The key's modulus, 512 bytes, base64url without padding; the exponent is 65 537. */
  readonly n: string;
  /** Hexadecimal, unsigned, 3 bytes. */
  readonly serialNumber: string;
}

/** What a verifier of simulated SNP evidence pins for one product. */
export interface AmdSimulationRoots {
  readonly ark: AmdSimulationKey;
  readonly ask: AmdSimulationKey;
  readonly asvk: AmdSimulationKey;
}

/** The serial numbers are like AMD's: the product, then 0 for the ARK, 1 for the ASK and 0x101 for the ASVK. */
function roots(product: string): AmdSimulationRoots {
  const { ark, ask, asvk } = publicAmdPrivateKeys;
  return {
    ark: {
      n: ark.n,
      serialNumber: `${product}0000`,
      from: new Date('2018-05-21T10:45:10Z'),
      to: new Date('2049-12-31T23:59:59Z'),
    },
    ask: {
      n: ask.n,
      serialNumber: `${product}0001`,
      from: new Date('2020-01-01T00:00:00Z'),
      to: new Date('2045-01-01T00:00:00Z'),
    },
    asvk: {
      n: asvk.n,
      serialNumber: `${product}0101`,
      from: new Date('2020-01-01T00:00:00Z'),
      to: new Date('2047-01-01T00:00:00Z'),
    },
  };
}

/** What a verifier of simulated SNP evidence pins, by product. */
export const amdSimulationRoots: Readonly<Record<SnpProduct, AmdSimulationRoots>> = {
  Milan: roots('01'),
  Genoa: roots('02'),
  Turin: roots('03'),
};
