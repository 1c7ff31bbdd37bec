import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import decodeJpeg, { init as initJpeg } from '@jsquash/jpeg/decode.js';
import decodePng, { init as initPng } from '@jsquash/png/decode.js';
import type { Picture } from './preprocessing.ts';

const require = createRequire(import.meta.url);
/** In Node the decoders have to be handed their WebAssembly. */
const wasm = (file: string): Promise<Buffer<ArrayBuffer>> => readFile(require.resolve(file));

/** Reads a PNG or JPEG of your own; transparency is dropped. (`blindai run` takes files of strangers, too.) */
export async function readPicture(path: string): Promise<Picture> {
  const bytes = await readFile(path);
  const { width, height, data } = await decode(bytes, new Uint8Array(bytes).buffer);
  const samples = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    samples.set(data.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  return { width, height, samples };
}

async function decode(bytes: Uint8Array, file: ArrayBuffer): Promise<Decoded> {
  if (bytes[0] === 0x89) {
    await initPng(await wasm('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
    return decodePng(file);
  }
  await initJpeg({
    wasmBinary: await wasm('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
  } as Parameters<typeof initJpeg>[0]);
  return decodeJpeg(file);
}

interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity of each pixel. */
  readonly data: Uint8ClampedArray;
}
