import { AttestationError, BlindAIError, ManifestError } from '@blindai/client/node';
import { messageOf } from '../quicktour/narration.ts';

/** What to do about an error. Codes are for programs and stay; messages are for people and may change. */
function adviceOn(error: BlindAIError): string {
  // No data has left, and a second try would tell nothing new.
  if (error instanceof AttestationError) return `trust it with nothing: refused by ${error.check}`;
  switch (error.code) {
    case 'bad-manifest':
      return 'get the right manifest: without one nothing is accepted';
    case 'unreadable':
    case 'bad-input':
      return 'correct what was given';
    case 'model-refused':
      return 'export the model as a single ONNX file';
    case 'not-found':
      return "ask the model's owner: it is gone, or another than was agreed on";
    case 'unreachable':
      return 'is the server running, and on these ports?';
    default:
      return 'docs/errors.md says what to do';
  }
}

/** Tells of an error and sets the exit status: 2 where the server or the manifest is refused, else 1. */
export function reportError(error: unknown): void {
  if (error instanceof BlindAIError)
    process.stderr.write(`${error.code}: ${error.message}\n${adviceOn(error)}\n`);
  else process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof AttestationError || error instanceof ManifestError ? 2 : 1;
}
