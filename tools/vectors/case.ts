import { type Check, checks } from '@blindai/attestation';
import type { Vector, VectorReportData, Weakening } from './vector.ts';

/** The moment around which all evidence is made, and for which it is judged unless a case says otherwise. */
export const at: Date = new Date('2026-01-15T12:00:00Z');
/** One second in milliseconds. */
export const secondMs = 1000;
/** One day in milliseconds. */
export const dayMs: number = 24 * 60 * 60 * secondMs;
/** The moment so many seconds later. */
export const later = (seconds: number): Date => new Date(at.getTime() + seconds * secondMs);

/** The report data of a case that demands no other. */
export const reportData: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** What one case demands, where it departs from the default of its format. */
export interface Demand {
  readonly at?: Date;
  /** `null`: no manifest. */
  readonly manifest?: string | null;
  readonly reportData?: VectorReportData | null;
  readonly weakenings?: readonly Weakening[];
  /** Rows of an accepted case that are weakened, but for `trust-anchor`. */
  readonly weakened?: readonly Check[];
  /** In place of the format that the evidence has. */
  readonly format?: string | null;
}

/** A case without its bytes: what is wrong with it is written down in a `Flaw`, which differs by format. */
export type Described<Flaw> = Flaw & Demand & { readonly about: string };

/** Every case of a format, by the check that must refuse it. */
export type CaseTable<Flaw> = {
  readonly [check in Check | 'accept']?: Readonly<Record<string, Described<Flaw>>>;
};

/** What the hardware made of a flaw. */
export interface Evidence {
  /** A string where the format is a text. */
  readonly evidence: Uint8Array | string;
  /** In JSON form; `null` if the format has none. */
  readonly endorsements: unknown;
}

/** One format: its cases, and how their evidence comes about. */
export interface FormatCases<Flaw> {
  readonly format: string;
  /** Accepts the evidence without a flaw, with no weakened row but `trust-anchor`. */
  readonly manifest: string;
  readonly table: CaseTable<Flaw>;
  readonly make: (flaw: Flaw) => Promise<Evidence>;
}

/** Makes every case of a format. */
export async function makeCases<Flaw>(cases: FormatCases<Flaw>): Promise<readonly Vector[]> {
  const vectors: Vector[] = [];
  for (const [check, ways] of Object.entries(cases.table)) {
    for (const [slug, described] of Object.entries(ways)) {
      const { evidence, endorsements } = await cases.make(described);
      vectors.push({
        name: `${cases.format}/${check}.${slug}`,
        about: described.about,
        format: described.format === undefined ? cases.format : described.format,
        roots: '../roots.json',
        at: iso(described.at ?? at),
        ...(typeof evidence === 'string'
          ? { evidenceText: evidence }
          : { evidence: base64(evidence) }),
        endorsements,
        policy: {
          manifest: described.manifest === undefined ? cases.manifest : described.manifest,
          reportData:
            described.reportData === undefined
              ? { exact: base64(reportData) }
              : described.reportData,
          weakenings: described.weakenings ?? [],
        },
        expected: verdict(check as Check | 'accept', described),
      });
    }
  }
  return vectors;
}

function verdict(check: Check | 'accept', { weakened }: Demand): Vector['expected'] {
  if (check === 'accept') return { verdict: 'accept', check: null, weakened: weakened ?? [] };
  if (weakened) throw new TypeError('only an accepted case has weakened rows');
  return { verdict: 'refuse', check, kind: checks[check] };
}

function iso(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z');
}

/** Base64 with padding. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The same cases, with another way to bring each flaw about. */
export function mapTable<From, To>(
  table: CaseTable<From>,
  map: (described: Described<From>) => Described<To>,
): CaseTable<To> {
  return Object.fromEntries(
    Object.entries(table).map(([check, ways]) => [
      check,
      Object.fromEntries(Object.entries(ways).map(([slug, described]) => [slug, map(described)])),
    ]),
  );
}
