/** One way to break out, as the attacker lists it. */
export interface Attempt {
  readonly group: string;
  readonly name: string;
  /** With which others it is made in a process of their own without the cage. */
  readonly apart?: string;
  /** With which code the server may end its process in the cage. */
  readonly endsBy?: 'model-memory' | 'model-timeout' | 'model-crashed';
  /** Leaves something, so that a fresh process follows it in the cage. */
  readonly spoils?: boolean;
  /** Not made without a cage: nothing would end it. */
  readonly isOnlyInCage?: boolean;
}

/** How an attempt ended: what the system said, and to which call; null and null if it came through. */
export interface Ending {
  readonly errno: string | null;
  readonly call: string | null;
}

/** How it ended in the cage. */
export interface CagedEnding extends Ending {
  /** What one of libuv's threads was told by the call that was refused; null if it was not asked to make it. */
  readonly onPoolThread: string | null;
  /** What another model answered meanwhile. */
  readonly answers: number;
}
