import { crc32 } from 'node:zlib';
import { FileError, UsageError } from '../exit-codes.ts';
import { fromRgba, maxPixels, type Picture } from './picture.ts';
import { readWasm } from './wasm-file.ts';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Whether bytes begin as those of a PNG do. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/**
 * Decodes a PNG of any colour type. 16 bits a sample are kept; gamma and colour profiles are not applied.
 *
 * The decoder does not look at checksums, so every chunk's is verified first: a damaged picture is refused, not
 * shown with a fault.
 *
 * @throws {FileError} if it has more than {@link maxPixels} pixels.
 * @throws {UsageError} if it is no PNG, or damaged.
 * @see Portable Network Graphics (W3C, third edition), section 5
 */
export async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const { header, end } = walkChunks(bytes);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width * height > maxPixels)
    throw new FileError(
      `the picture has ${width} x ${height} pixels, of at most ${maxPixels}: make it smaller first`,
    );
  const { decode, init } = await import('@jsquash/png/decode.js');
  await init(await readWasm('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
  const file = new Uint8Array(bytes.subarray(0, end)).buffer;
  try {
    const image =
      header.getUint8(8) === 16 ? await decode(file, { bitDepth: 16 }) : await decode(file);
    return fromRgba(image.width, image.height, image.data);
  } catch (error) {
    throw damaged('it cannot be decoded', error);
  }
}

/** The content of IHDR, and where IEND ends; what follows is not the picture's. */
function walkChunks(bytes: Uint8Array): { header: DataView; end: number } {
  if (!isPng(bytes)) throw damaged('it does not begin as a PNG does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frameBytes = 12;
  let header: DataView | null = null;
  for (let start = signature.length; start + frameBytes <= bytes.length;) {
    const length = view.getUint32(start);
    const end = start + frameBytes + length;
    if (end > bytes.length) break;
    const type = Buffer.from(bytes.subarray(start + 4, start + 8)).toString('latin1');
    if (crc32(bytes.subarray(start + 4, end - 4)) !== view.getUint32(end - 4))
      throw damaged('a checksum is wrong');
    if ((type === 'IHDR') !== (header === null)) throw damaged('its chunks are out of order');
    if (type === 'IHDR') {
      if (length !== 13) throw damaged('its header has another length than 13 bytes');
      header = new DataView(bytes.buffer, bytes.byteOffset + start + 8, length);
    }
    if (type === 'IEND') return { header: header!, end };
    start = end;
  }
  throw damaged('it ends too early');
}

function damaged(reason: string, cause?: unknown): UsageError {
  return new UsageError(`the PNG is damaged: ${reason}`, { cause });
}
