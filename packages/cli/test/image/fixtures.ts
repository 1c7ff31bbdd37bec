import { crc32 } from 'node:zlib';
import encodeJpegFile, { init as initJpeg } from '@jsquash/jpeg/encode.js';
import encodePngFile, { init as initPng } from '@jsquash/png/encode.js';
import type { Picture } from '../../src/image/picture.ts';
import { readWasm } from '../../src/image/wasm-file.ts';

/** A picture of any samples, in colour where they are three times the pixels. */
export function picture(width: number, height: number, samples: readonly number[]): Picture {
  return {
    width,
    height,
    channels: samples.length === width * height ? 1 : 3,
    samples: Uint8Array.from(samples),
  };
}

/** A colourful picture without two equal pixels next to each other. */
export function pattern(width: number, height: number): Picture {
  const samples = Array.from(
    { length: width * height * 3 },
    (_, at) => (at * 37 + (at >> 3)) % 256,
  );
  return picture(width, height, samples);
}

/** What the encoders take: the picture with an alpha channel, and nothing else of a browser's ImageData. */
function imageData({ width, height, samples }: Picture): ImageData {
  const data = new Uint8ClampedArray(width * height * 4).fill(128);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    data.set(samples.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  return { width, height, data, colorSpace: 'srgb' };
}

/** The picture as a PNG with 8 bits a sample and transparency. */
export async function png(of: Picture): Promise<Uint8Array> {
  await initPng(await readWasm('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
  return new Uint8Array(await encodePngFile(imageData(of)));
}

/** The picture as a JPEG. */
export async function jpeg(of: Picture): Promise<Uint8Array> {
  await initJpeg({
    wasmBinary: await readWasm('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'),
  } as Parameters<typeof initJpeg>[0]);
  return new Uint8Array(await encodeJpegFile(imageData(of)));
}

/** A chunk of a PNG, with its checksum. */
export function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}
