import type { Tensor } from '@blindai/client';
import { encodeNpy } from './npy.ts';

/**
 * Tensors as `numpy.savez` writes them, under their names. One that has none, or whose name would be a path
 * out of the folder that the archive is unpacked into, is `output_N`, N being its position from 0.
 */
export async function encodeNpz(tensors: readonly Tensor[]): Promise<Uint8Array> {
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } = await import('@zip.js/zip.js');
  const archive = new ZipWriter(new Uint8ArrayWriter(), { level: 0, useWebWorkers: false });
  const names = memberNames(tensors);
  for (const [index, tensor] of tensors.entries())
    await archive.add(`${names[index]}.npy`, new Uint8ArrayReader(encodeNpy(tensor)));
  return archive.close();
}

/** Distinct, also where a tensor is named as another's position. */
function memberNames(tensors: readonly Tensor[]): string[] {
  const used = new Set<string>();
  return tensors.map(({ name }, index) => {
    let own = isPlain(name) ? name : `output_${index}`;
    while (used.has(own)) own = `${own}_`;
    used.add(own);
    return own;
  });
}

function isPlain(name: string): boolean {
  return /^[\w.:-]+(?:\/[\w.:-]+)*$/.test(name) && !name.split('/').includes('..');
}
