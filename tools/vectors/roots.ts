import { createSnpPlatform, nitroRootPem, rootPem, snpProducts } from '@blindai/simulator';
import type { SnpProduct } from '@blindai/simulator';
import { at } from './case.ts';

/** The trust anchors of all cases: certificates in PEM, as verifiers are configured with them. */
export interface Roots {
  readonly warning: string;
  /** In place of "Intel SGX Root CA". */
  readonly intel: string;
  /** In place of AMD's own, by product: root, what signs VCEKs, what signs VLEKs. */
  readonly amd: Readonly<Record<SnpProduct, Readonly<Record<'ark' | 'ask' | 'asvk', string>>>>;
  /** In place of "AWS Nitro Enclaves Root G1". */
  readonly aws: string;
}

/** The simulator's roots, whose private halves are public. The signatures of AMD's differ each time. */
export async function makeRoots(): Promise<Roots> {
  const products = await Promise.all(
    snpProducts.map(async (product) => {
      const { ark, ask, asvk } = await (await createSnpPlatform({ at, product })).authorities();
      return [product, { ark: ark.pem, ask: ask.pem, asvk: asvk.pem }] as const;
    }),
  );
  return {
    warning: 'The private keys of these roots are public. Trust them in tests only.',
    intel: rootPem,
    amd: Object.fromEntries(products) as Roots['amd'],
    aws: nitroRootPem,
  };
}
