import type { Datatype, Tensor } from '@blindai/client';
import { UsageError } from '../exit-codes.ts';
import { toGrey } from '../image/grey.ts';
import { decodeJpeg, isJpeg } from '../image/jpeg.ts';
import { pictureDatatypes, pictureTensor } from '../image/picture-tensor.ts';
import { decodePng, isPng } from '../image/png.ts';
import type { PictureOptions } from './picture-options.ts';

/** Whether bytes begin as those of a picture do that can be read. */
export function isPicture(bytes: Uint8Array): boolean {
  return isPng(bytes) || isJpeg(bytes);
}

/**
 * Makes a tensor of a PNG or JPEG: decoded, made grey if asked for, cropped and resized in the order of the
 * options, normalised.
 *
 * @throws {FileError} if it has too many pixels.
 * @throws {UsageError} if it is damaged, smaller than a crop, or cannot be of that datatype.
 */
export async function parsePicture(
  bytes: Uint8Array,
  datatype: Datatype,
  options: PictureOptions,
): Promise<Tensor> {
  if (!pictureDatatypes.includes(datatype))
    throw new UsageError(`a picture can be ${pictureDatatypes.join(', ')}, not ${datatype}`);
  const decoded = isPng(bytes) ? await decodePng(bytes) : await decodeJpeg(bytes);
  const coloured = options.channels === 'grey' ? toGrey(decoded) : decoded;
  const shaped = options.steps.reduce(
    (picture, step) => step(picture, options.antialias),
    coloured,
  );
  return pictureTensor(shaped, { ...options, blueFirst: options.channels === 'bgr', datatype });
}
