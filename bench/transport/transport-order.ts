/** What the plain server is asked for. */
export interface TransportOrder {
  /** How long its answers are from now on. */
  readonly kind: 'answer-with';
  readonly bytes: number;
}
