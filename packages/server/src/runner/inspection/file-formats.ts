import type { ByteSource } from './byte-source.ts';

/** What other formats begin with, as text, and at which byte. */
const signatures: readonly (readonly [at: number, text: string, format: string])[] = [
  [4, 'TFL3', 'TensorFlow Lite'],
  [0, 'PK\x03\x04', 'a zip archive, as PyTorch and Keras write'],
  [0, '\x80\x02', "Python's pickle, as PyTorch wrote"],
  [0, '\x89HDF', 'HDF5, as Keras wrote'],
  [0, 'GGUF', 'GGUF'],
  [0, '\x1f\x8b', 'gzip'],
  [8, '{"', 'safetensors'],
];

const longest = 12;

/** Whether some bytes are a model in the engine's own format, which it would take from whatever begins so. */
export function isOrtFormat(source: ByteSource): boolean {
  // FlatBuffers write the format's name behind the first four bytes.
  return startOf(source).startsWith('ORTM', 4);
}

/** What bytes seem to be that are no ONNX; null if nobody knows. */
export function guessFormat(source: ByteSource): string | null {
  const start = startOf(source);
  return signatures.find(([at, text]) => start.startsWith(text, at))?.[2] ?? null;
}

function startOf(source: ByteSource): string {
  // Every source holds this much at once.
  return source.length === 0 ? '' : String.fromCharCode(...source.from(0).subarray(0, longest));
}
