/** The header fields of our own, as they are written on the wire (wire.md §1 and "Errors"). */
export const headers = {
  /** 32 random bytes in base64url; on the attested and management ports only. */
  ownerToken: 'Blindai-Owner-Token',
  /** With a run: SHA-256 that the model must have, hex. With its answer: the one that it has. */
  modelHash: 'Blindai-Model-Hash',
  /** With a run: how long its caller waits for the answer, in milliseconds; the server may give up sooner. */
  timeout: 'Blindai-Timeout',
  /** The error's code alone, beside `code: sentence` in the body. */
  error: 'Blindai-Error',
} as const;
