import { FileError, UsageError } from '../exit-codes.ts';
import { fromRgba, maxPixels, type Picture } from './picture.ts';
import { readWasm } from './wasm-file.ts';

/** Whether bytes begin as those of a JPEG do. */
export function isJpeg(bytes: Uint8Array): boolean {
  return [0xff, 0xd8, 0xff].every((byte, at) => bytes[at] === byte);
}

/**
 * Decodes a JPEG and turns it upright, as its EXIF orientation says.
 *
 * What makes the decoder warn is refused: it would fill what is lost with grey.
 *
 * @throws {FileError} if it has more than {@link maxPixels} pixels.
 * @throws {UsageError} if it is no JPEG, damaged, or has neither one nor three channels.
 * @see ITU-T T.81, annex B
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<Picture> {
  const { width, height, channels } = readFrame(bytes);
  if (width * height > maxPixels)
    throw new FileError(
      `the picture has ${width} x ${height} pixels, of at most ${maxPixels}: make it smaller first`,
    );
  if (channels !== 1 && channels !== 3)
    throw new UsageError(
      `the JPEG has ${channels} channels, as for print: convert it to RGB or grey first`,
    );
  const { default: decode, init } = await import('@jsquash/jpeg/decode.js');
  const warnings: string[] = [];
  // Anew for each picture: a decoder that has failed once is not to be used again.
  await init({
    wasmBinary: await readWasm('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
    printErr: (text: string) => void warnings.push(text),
  } as Parameters<typeof init>[0]);
  try {
    const image = await decode(new Uint8Array(bytes).buffer, { preserveOrientation: true });
    if (warnings.length > 0) throw damaged(warnings[0]!);
    return fromRgba(image.width, image.height, image.data);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw damaged(warnings[0] ?? 'it cannot be decoded', error);
  }
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What the frame header says, found by the lengths of the segments before it. */
function readFrame(bytes: Uint8Array): Frame {
  if (!isJpeg(bytes)) throw damaged('it does not begin as a JPEG does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged('its segments are out of order');
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1; // any number of these may fill up before a marker
      continue;
    }
    const length = view.getUint16(at + 2);
    if (isFrameMarker(marker)) {
      if (length < 8 || at + 2 + length > bytes.length) break;
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: bytes[at + 9]!,
      };
    }
    if (marker === 0xda || length < 2) throw damaged('its segments are out of order');
    at += 2 + length;
  }
  throw damaged('it ends too early');
}

/** SOF0 to SOF15, between which lie three markers of other meaning: DHT, JPG and DAC. */
function isFrameMarker(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function damaged(reason: string, cause?: unknown): UsageError {
  return new UsageError(`the JPEG is damaged: ${reason}`, { cause });
}
