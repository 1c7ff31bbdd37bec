import type { CancellationSignal } from '../cancellation.ts';
import type { LogFields } from '../log.ts';
import type { Reply } from '../reply.ts';
import type { HttpRequest } from '../request.ts';
import type { Surface } from '../surface.ts';

/** One request on its way through the application. */
export interface Call {
  readonly request: HttpRequest;
  readonly surface: Surface;
  /** What stands in the path where the route's has `:name`, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of the client, for budgets: never kept, never logged. */
  readonly address: string;
  /** Aborted when the client is gone, or when the server ends what still runs. */
  readonly signal: CancellationSignal;
  /** What the log will say about the call, filled in while it is handled. */
  readonly noted: { -readonly [Name in 'route' | 'code' | 'bytes' | 'modelRef']?: LogFields[Name] };
}

/** A request that has not found its route yet. */
export type Arrival = Omit<Call, 'parameters'>;

/** Something that the server does, on the surfaces named and on no other. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** May have parts such as `/:name`. */
  readonly path: string;
  readonly surfaces: readonly Surface[];
  /** @throws {ProtocolError} for every refusal; anything else that is thrown is a bug. */
  readonly handle: (call: Call) => Promise<Reply>;
}
