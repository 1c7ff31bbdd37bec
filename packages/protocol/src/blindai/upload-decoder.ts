import { readFields } from '../encoding/cbor-message.ts';
import { CborReader, type Reading } from '../encoding/cbor-reader.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { skipClientInfo } from './client-info.ts';
import { runners, type UploadRequest } from './upload.ts';

/** What an {@link UploadDecoder} needs. */
export interface UploadDecoderOptions {
  readonly maxModelBytes: number;
  /** Gets the model's bytes in order; they are valid during the call only. */
  readonly onModelBytes: (bytes: Uint8Array) => void;
}

/** The keys of an upload; true where required. */
const keys = {
  model: true,
  length: true,
  model_name: true,
  optimize: true,
  client_info: false,
  sha256: false,
  batch_across_callers: false,
  runner: false,
} as const;

/** More than all of an upload but its model can have. */
const maxOtherBytes = 65_536;

/**
 * Decodes an upload while it arrives, in constant memory, whatever the order of its keys. The model is a byte
 * string, or, from BlindAI's Python client, an array of small integers; either may be of indefinite length.
 *
 * It does not compare `sha256`: whoever keeps the bytes does.
 *
 * @throws {ProtocolError} `malformed` for anything but such a map, also when the declared `length` is not
 * what arrived; `too-large` as soon as the model is known to exceed its limit. What `onModelBytes` throws
 * comes through.
 */
export class UploadDecoder {
  readonly #reader = new CborReader();
  readonly #reading: Reading<UploadRequest>;
  readonly #maxBodyBytes: number;
  #bodyBytes = 0;
  #request: UploadRequest | undefined;

  constructor(options: UploadDecoderOptions) {
    // Integers take two bytes each at most; an endless row of empty pieces would not count as model.
    this.#maxBodyBytes = 2 * options.maxModelBytes + maxOtherBytes;
    this.#reading = readUpload(this.#reader, options);
  }

  /** Decodes the next bytes of the body; none of them is kept. */
  push(chunk: Uint8Array): void {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > this.#maxBodyBytes) {
      throw new ProtocolError(
        'too-large',
        `an upload must have at most ${this.#maxBodyBytes} bytes`,
      );
    }
    this.#reader.feed(chunk);
    if (this.#request === undefined) {
      const step = this.#reading.next();
      if (step.done === true) this.#request = step.value;
    }
    if (this.#reader.left > 0) {
      throw malformed('an upload must not be followed by other bytes');
    }
  }

  /** Ends the body, which must be complete. */
  end(): UploadRequest {
    if (this.#request === undefined) {
      throw malformed('an upload must not end early');
    }
    return this.#request;
  }
}

function* readUpload(reader: CborReader, options: UploadDecoderOptions): Reading<UploadRequest> {
  let received = 0;
  const request = {
    length: 0,
    modelName: '',
    optimize: false,
    sha256: null as Uint8Array | null,
    batchAcrossCallers: false,
    runner: 'shared' as UploadRequest['runner'],
  };
  yield* readFields(reader, 'an upload', keys, function* (key) {
    switch (key) {
      case 'model':
        yield* reader.byteStringOrIntegers('model', options.maxModelBytes, (bytes) => {
          received += bytes.length;
          options.onModelBytes(bytes);
        });
        break;
      case 'length':
        request.length = yield* reader.uint('length');
        if (request.length > options.maxModelBytes) {
          throw new ProtocolError(
            'too-large',
            `model must have at most ${options.maxModelBytes} bytes`,
          );
        }
        break;
      case 'model_name':
        request.modelName = yield* reader.text('model_name', limits.maxNameBytes);
        break;
      case 'optimize':
        request.optimize = yield* reader.boolean('optimize');
        break;
      case 'client_info':
        yield* skipClientInfo(reader);
        break;
      case 'sha256':
        if (!(yield* reader.nullNext())) request.sha256 = yield* reader.digest('sha256');
        break;
      case 'batch_across_callers':
        request.batchAcrossCallers = yield* reader.boolean('batch_across_callers');
        break;
      case 'runner':
        request.runner = yield* reader.choice('runner', runners);
        break;
    }
  });
  if (received !== request.length) {
    throw malformed(
      `model must have the ${request.length} bytes that length says, not ${received}`,
    );
  }
  return request;
}
