import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../test/support/chromium.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Size of a program for browsers, in bytes. */
export interface BundleSize {
  readonly what: string;
  readonly minified: number;
  /** And compressed, level 9. */
  readonly gzipped: number;
}

const programs: readonly (readonly [what: string, source: string])[] = [
  ['everything that @blindai/attestation exports', `export * from '@blindai/attestation';`],
  [
    'the verifier, all formats, without manifest files',
    `export { verifyAttestation, vendorAnchors } from '@blindai/attestation';`,
  ],
];

/** Bundles what a page would load, and weighs it. */
export async function measureBundles(): Promise<readonly BundleSize[]> {
  return Promise.all(
    programs.map(async ([what, source]) => {
      const { code } = await bundle(source, here, { minify: true });
      const { byteLength: minified } = new TextEncoder().encode(code);
      return { what, minified, gzipped: gzipSync(code, { level: 9 }).length };
    }),
  );
}
