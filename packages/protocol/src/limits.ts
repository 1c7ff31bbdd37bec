const defaults = {
  maxModelBytes: 2_147_483_648,
  /** A request other than an upload. */
  maxRequestBytes: 67_108_864,
  /** A reply to a run; a model may well return more than it was given. */
  maxReplyBytes: 268_435_456,
  maxTensors: 256,
  maxRank: 8,
  maxHeaderBytes: 16_384,
  /** A tensor's or a model's name, a model's id. */
  maxNameBytes: 512,
  /** BlindAI's `client_info`, which is read past. */
  maxClientInfoBytes: 16_384,
  /** How deep arrays, maps and tags may nest in what is read past. */
  maxDepth: 16,
  maxErrorTextBytes: 4_096,
  /** A reply in JSON: a model's description, or a list of models. */
  maxJsonReplyBytes: 16_777_216,
  maxAttestationReplyBytes: 1_048_576,
  maxKeysetBytes: 65_536,
  attestationTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  headersTimeoutMs: 10_000,
  /** A request other than an upload, from its first byte to its last. */
  requestTimeoutMs: 300_000,
  minUploadBytesPerSecond: 65_536,
  loadTimeoutMs: 60_000,
  inferenceTimeoutMs: 60_000,
  /** How long running work may still take after SIGTERM. */
  drainTimeoutMs: 10_000,
};

/**
 * Sizes in bytes, times in milliseconds, counts.
 *
 * @useDeclaredType
 */
export type Limits = Readonly<typeof defaults>;

/**
 * The default limits (wire.md, "Limits"). The server's are settings with these defaults; sizes are bytes,
 * counted as they arrive.
 */
export const limits: Limits = Object.freeze(defaults);
