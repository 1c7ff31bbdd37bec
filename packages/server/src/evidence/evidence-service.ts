import {
  computeReportData,
  toHex,
  type AttestationReply,
  type ProtocolError,
} from '@blindai/protocol';
import type { AddressBudget } from '../access/address-budget.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { Evidence, EvidenceProvider } from './provider.ts';

/** What an {@link EvidenceService} needs. */
export interface EvidenceServiceOptions {
  readonly provider: EvidenceProvider;
  readonly identity: Identity;
  readonly budget: AddressBudget;
  /** How many requests for fresh evidence may wait, the running one included. */
  readonly maxQueued: number;
  readonly now: () => Date;
}

/**
 * Evidence for the server's keys: the boot evidence for old clients, and fresh evidence for a nonce. Fresh
 * evidence costs time of hardware that all callers share, so it is made one at a time, equal nonces share
 * one, the queue is bounded, and each address has a budget (trust.md, "Report data").
 */
export class EvidenceService {
  readonly #options: EvidenceServiceOptions;
  readonly #waiting = new Map<string, Promise<AttestationReply>>();
  #last: Promise<unknown> = Promise.resolve();
  #boot: Promise<Evidence> | undefined;

  constructor(options: EvidenceServiceOptions) {
    this.#options = options;
  }

  /** The evidence without a nonce; made at boot, and again when its endorsements grow old. */
  async boot(): Promise<AttestationReply> {
    const { provider, identity, now } = this.#options;
    const known = await this.#boot?.catch(() => undefined);
    if (known === undefined || known.renewAt <= now()) {
      this.#boot = this.#inTurn(async () => provider.attest(await computeReportData(identity)));
    }
    return this.#reply(await this.#boot!);
  }

  /**
   * Evidence over a nonce of 32 bytes.
   *
   * @param address - Of the client; counted, never kept or logged.
   * @throws {ProtocolError} `too-many-requests` when the address or the queue has had enough.
   */
  async fresh(nonce: Uint8Array, address: string): Promise<AttestationReply> {
    const waitSeconds = this.#options.budget.take(address);
    if (waitSeconds > 0) {
      throw tooMany('this address asks for fresh evidence too often', waitSeconds);
    }
    const key = toHex(nonce);
    const shared = this.#waiting.get(key);
    if (shared !== undefined) return shared;
    if (this.#waiting.size >= this.#options.maxQueued) {
      throw tooMany('too many requests for fresh evidence are waiting', 1);
    }
    const reply = this.#attest(nonce).finally(() => this.#waiting.delete(key));
    this.#waiting.set(key, reply);
    return reply;
  }

  async #attest(nonce: Uint8Array): Promise<AttestationReply> {
    const { provider, identity } = this.#options;
    const reportData = await computeReportData({
      certificate: identity.certificate,
      keyset: identity.keyset,
      nonce,
    });
    return this.#reply(await this.#inTurn(() => provider.attest(reportData)));
  }

  /** Runs one piece of work after all that was asked for before, whether that succeeded or not. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #reply({ evidence, endorsements }: Evidence): AttestationReply {
    const { provider, identity } = this.#options;
    return {
      format: provider.format,
      evidence,
      endorsements,
      certificate: identity.certificate,
      keyset: identity.keyset,
    };
  }
}

function tooMany(message: string, waitSeconds: number): ProtocolError {
  return new Refusal('too-many-requests', message, { 'Retry-After': String(waitSeconds) });
}
