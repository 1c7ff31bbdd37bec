import type { Table } from './table.ts';

/** What one section found: for readers, and for programs. */
export interface Findings {
  readonly tables: readonly Table[];
  /** What a reader should know besides, a line each. */
  readonly notes: readonly string[];
  /** What goes into the JSON file. */
  readonly data: object;
}

/** Measures one thing. `progress` is told what is being done, for whoever waits. */
export type Section = (progress: (what: string) => void) => Promise<Findings>;
