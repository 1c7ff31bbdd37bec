/** A picture as samples: rows from the top, pixels from the left, channels interleaved. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly samples: Uint8Array | Uint16Array;
}

/** Most pixels that a picture may have, before or after it is resized. */
export const maxPixels: number = 64 * 1024 * 1024;

/** The sample that stands for full intensity: 255, or 65535 where a file has 16 bits a sample. */
export function fullIntensity(picture: Picture): number {
  return picture.samples instanceof Uint16Array ? 65_535 : 255;
}

/** Room for the samples of another picture, with the depth of this one. */
export function emptySamples(picture: Picture, count: number): Uint8Array | Uint16Array {
  return picture.samples instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
}

/** What a decoder returns: four channels, of which the transparency is dropped, as Pillow and OpenCV do. */
export function fromRgba(
  width: number,
  height: number,
  rgba: Uint8Array | Uint8ClampedArray | Uint16Array,
): Picture {
  const count = width * height * 3;
  const samples = rgba instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    for (let channel = 0; channel < 3; channel += 1)
      samples[pixel * 3 + channel] = rgba[pixel * 4 + channel]!;
  return { width, height, channels: 3, samples };
}
