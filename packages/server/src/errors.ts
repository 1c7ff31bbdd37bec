import { ProtocolError, type ErrorCode } from '@blindai/protocol';

/** Why a server does not start or cannot go on, with what the operator can do about it. */
export const serverErrors = {
  'bad-setting': 'correct the named setting',
  'no-tee': 'run inside a TEE, or start with --simulation',
  'isolation-too-weak': 'lower the isolation floor, or run where models can be caged',
  'port-in-use': 'stop the other program, or choose another port',
  'address-unavailable': 'choose an address and port that this machine may listen on',
  debugger: 'start without --inspect and similar options',
  'unsupported-platform': 'run on Linux, or with --simulation and isolation "none"',
} as const;

/** The closed set of codes of a {@link ServerError}. */
export type ServerErrorCode = keyof typeof serverErrors;

/** A server refuses to start; `code` says why, the message what was expected and what was found. */
export class ServerError extends Error {
  override readonly name: string = 'ServerError';
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A setting that is unknown or has a wrong value; the message names the setting and where it came from. */
export class ConfigError extends ServerError {
  override readonly name = 'ConfigError';
  /** The flag, environment variable or key of the settings file that is wrong. */
  readonly setting: string;

  constructor(setting: string, message: string, options?: ErrorOptions) {
    super('bad-setting', message, options);
    this.setting = setting;
  }
}

/** A refused request whose answer carries header fields besides, such as `Retry-After`. */
export class Refusal extends ProtocolError {
  override readonly name = 'Refusal';
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>>) {
    super(code, message);
    this.headers = headers;
  }
}
