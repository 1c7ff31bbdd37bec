/** Of one of those who share: what it has had, in any unit, and what waits for it. */
interface Share<Item> {
  had: number;
  readonly waiting: Set<Item>;
}

/** Something that waits, and for whom. */
export interface Waiting<Sharer, Item> {
  readonly sharer: Sharer;
  readonly item: Item;
}

/** So many are remembered; beyond, those for whom nothing waits are forgotten, the oldest first. */
const mostRemembered = 256;

/**
 * What waits for something that several share. Whoever has had least of it is next, and its items in the order
 * in which they came. Nobody saves up: who comes after a pause begins where the others are by then (start-time
 * fair queueing, Goyal, Vin and Cheng, SIGCOMM 1996).
 */
export class FairQueue<Sharer, Item> {
  readonly #shares = new Map<Sharer, Share<Item>>();
  #size = 0;
  /** What whoever was served last had had before. */
  #level = 0;

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  add(sharer: Sharer, item: Item): void {
    const share = this.#shareOf(sharer);
    if (share.waiting.size === 0) share.had = Math.max(share.had, this.#level);
    share.waiting.add(item);
    this.#size += 1;
  }

  /** Whether the item waited; it does not any more. */
  delete(sharer: Sharer, item: Item): boolean {
    if (this.#shares.get(sharer)?.waiting.delete(item) !== true) return false;
    this.#size -= 1;
    this.#forget();
    return true;
  }

  /** What is next, and goes on waiting. */
  peek(): Waiting<Sharer, Item> | undefined {
    let least: { sharer: Sharer; share: Share<Item> } | undefined;
    for (const [sharer, share] of this.#shares) {
      if (share.waiting.size > 0 && (least === undefined || share.had < least.share.had)) {
        least = { sharer, share };
      }
    }
    if (least === undefined) return undefined;
    const [item] = least.share.waiting;
    return { sharer: least.sharer, item: item! };
  }

  /** Takes what is next. */
  take(): Waiting<Sharer, Item> | undefined {
    const next = this.peek();
    if (next === undefined) return undefined;
    this.#level = Math.max(this.#level, this.#shareOf(next.sharer).had);
    this.delete(next.sharer, next.item);
    return next;
  }

  /** Somebody has had so much more; less where too much was charged before. */
  charge(sharer: Sharer, amount: number): void {
    // Where nobody waits, it does not matter who has had what.
    if (this.#size > 0) this.#shareOf(sharer).had += amount;
  }

  /** What waits for one of them, in order. */
  waitingFor(sharer: Sharer): readonly Item[] {
    return [...(this.#shares.get(sharer)?.waiting ?? [])];
  }

  /** For whom the most waits. */
  longest(): Sharer | undefined {
    let most = 0;
    let longest: Sharer | undefined;
    for (const [sharer, { waiting }] of this.#shares) {
      if (waiting.size <= most) continue;
      most = waiting.size;
      longest = sharer;
    }
    return longest;
  }

  /** Everything that waits, whoever it is for. Items may be deleted meanwhile. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const { waiting } of this.#shares.values()) yield* waiting;
  }

  #shareOf(sharer: Sharer): Share<Item> {
    let share = this.#shares.get(sharer);
    if (share === undefined) {
      share = { had: this.#level, waiting: new Set() };
      this.#shares.set(sharer, share);
    }
    return share;
  }

  #forget(): void {
    if (this.#size === 0) {
      this.#shares.clear();
      this.#level = 0;
      return;
    }
    for (const [sharer, { waiting }] of this.#shares) {
      if (this.#shares.size <= mostRemembered) return;
      if (waiting.size === 0) this.#shares.delete(sharer);
    }
  }
}
