/** What a Nitro document says of its enclave, once verified. */
export interface NitroClaims {
  /** Of the enclave: id of the parent instance, `-enc`, and an id of its own. */
  readonly moduleId: string;
  /** When the document was made. */
  readonly timestamp: Date;
  /** What the enclave calls its public key: reported, never used or trusted here. `null`: nothing. */
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
}
