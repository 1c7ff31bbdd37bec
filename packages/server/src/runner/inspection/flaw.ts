/** What is wrong with a model, in words that go behind a place in it. */
export class Flaw extends Error {
  override readonly name = 'Flaw';
  /** Where it is, if that is not where the reading stopped. */
  readonly place: string | null;

  constructor(message: string, place: string | null = null) {
    super(message);
    this.place = place;
  }
}

/** Bytes that are no ONNX at all; the words go behind "it is no valid ONNX:". */
export class LayoutFlaw extends Flaw {}
