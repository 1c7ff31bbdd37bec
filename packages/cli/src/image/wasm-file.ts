import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A WebAssembly file of an installed package, such as `@jsquash/png/codec/pkg/squoosh_png_bg.wasm`. */
export function readWasm(specifier: string): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(require.resolve(specifier));
}
