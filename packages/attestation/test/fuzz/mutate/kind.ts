import type { Random } from '../random.ts';

/** One small change: its name, and how to make it. */
export interface Change<Value> {
  readonly name: string;
  readonly make: () => Value;
}

/** How values of one kind are changed: bytes, DER, CBOR, PEM, JSON. */
export interface Kind<Value> {
  /**
   * Every small change that there is, in the same order each time.
   *
   * @param everyBit - Flips each bit of each byte, where otherwise one of each byte is flipped.
   */
  readonly changes: (value: Value, everyBit: boolean) => readonly Change<Value>[];
  /** One change at random. `other` is something of the same kind, to take parts from. */
  readonly mutate: (value: Value, random: Random, other: Value) => Value;
}
