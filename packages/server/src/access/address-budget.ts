import { isIPv6 } from 'node:net';

/** More addresses than this are not remembered: the one that was quiet the longest starts anew. */
const MAX_ADDRESSES = 10_000;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * How often each client address may ask for something expensive: a bucket of a minute's worth of tokens that
 * fills evenly. IPv6 addresses count by their /64, which is what one machine is given.
 */
export class AddressBudget {
  readonly #perMinute: number;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param nowMs - A clock that never runs backwards. */
  constructor(perMinute: number, nowMs: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#nowMs = nowMs;
  }

  /** Takes one token of an address; returns 0, or how many seconds to wait for the next one. */
  take(address: string): number {
    const key = networkOf(address);
    const bucket = this.#fill(key);
    const waitMinutes = (1 - bucket.tokens) / this.#perMinute;
    if (waitMinutes > 0) return Math.ceil(waitMinutes * 60);
    bucket.tokens -= 1;
    return 0;
  }

  #fill(key: string): Bucket {
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#perMinute, filledAtMs: nowMs };
    const earned = ((nowMs - bucket.filledAtMs) / 60_000) * this.#perMinute;
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + earned);
    bucket.filledAtMs = nowMs;
    // Maps keep the order of insertion, so the first one is the one that was quiet the longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_ADDRESSES) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    return bucket;
  }
}

/** The first four groups of an IPv6 address; any other address as it is. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
