import { BlindAIError } from '../errors.ts';

/**
 * A manifest does not say what it must, or says what no manifest may.
 *
 * `key` is the path of the wrong key, such as `sgx[0].mr_enclave`; `null` if the file is not TOML at
 * all. The message names it too, with what was expected and what was found.
 */
export class ManifestError extends BlindAIError {
  declare readonly code: 'bad-manifest';
  readonly key: string | null;

  constructor(key: string | null, reason: string) {
    super('bad-manifest', key === null ? `manifest: ${reason}` : `manifest, ${key}: ${reason}`);
    this.key = key;
  }
}
