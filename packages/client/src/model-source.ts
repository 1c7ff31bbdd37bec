/** What a model can be uploaded from: a file's path, its bytes, or a stream of its bytes. */
export type ModelSource =
  string | Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A model that is open for reading, once. */
export interface OpenModel {
  /** What the file is called; empty where there is none. */
  readonly name: string;
  /** In bytes; null for a stream. */
  readonly length: number | null;
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** A SHA-256 that is fed piece by piece, which WebCrypto lacks. */
export interface IncrementalHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** What the runtime lends the client. */
export interface Runtime {
  /** @throws {InputError} `unreadable` when there is no such file, `bad-input` for another source. */
  openModel(source: ModelSource): Promise<OpenModel>;
  createSha256(): IncrementalHash;
}
