import type { Table } from './table.ts';
import type { Plot } from './plot/plot.ts';

/** What one section found: for readers, and for programs. */
export interface Findings {
  readonly tables: readonly Table[];
  /** What a reader should know besides, a line each. */
  readonly notes: readonly string[];
  /** What goes into the JSON file. */
  readonly data: object;
  /** What goes into SVG files. */
  readonly plots?: readonly Plot[];
}

/** A server that somebody else started. */
export interface OtherServer {
  readonly host: string;
  readonly attestedPort: number;
  readonly managementPort: number;
  /** The path of a manifest that accepts it; null: it is a simulation. */
  readonly manifestFile: string | null;
}

/** How a section is asked for. */
export interface Asked {
  /** Everything, however long it takes; else what fits into a few minutes. */
  readonly full: boolean;
  /** What to measure instead of a server of our own. */
  readonly other: OtherServer | null;
  /** Is told what is being done, for whoever waits. */
  readonly progress: (what: string) => void;
}

/** Measures one thing. */
export type Section = (asked: Asked) => Promise<Findings>;
