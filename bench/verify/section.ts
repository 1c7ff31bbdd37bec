import type { Asked, Findings } from '../section.ts';
import { type Statistics, summarise } from '../statistics.ts';
import type { Table } from '../table.ts';
import { findChromium } from '../../test/support/chromium.ts';
import { measureBundles } from './bundle-size.ts';
import { timeInChromium } from './in-chromium.ts';
import { timeInNode } from './in-node.ts';
import { findSubjects } from './subjects.ts';
import type { Times } from './times.ts';

const runs = { uncounted: 50, counted: 200 };

/** Times of one piece of evidence somewhere, in milliseconds. */
interface Row extends Statistics {
  readonly evidence: string;
  readonly first: number;
}

/** Verifies evidence of each format with all collateral at hand, in Node and in Chromium, and weighs the bundle. */
export async function measureVerification({ progress }: Asked): Promise<Findings> {
  const chromium = findChromium();
  const inNode: Row[] = [];
  const inChromium: Row[] = [];
  let version: string | null = null;
  for (const subject of await findSubjects()) {
    progress(`verify: ${subject.name}`);
    const evidence = subject.name.replace('/accept.', ', simulated, ');
    inNode.push(toRow(evidence, await timeInNode(subject, runs)));
    if (chromium === null) continue;
    const measured = await timeInChromium(chromium, subject, runs);
    inChromium.push(toRow(evidence, measured.times));
    version = measured.version;
  }
  const bundles = await measureBundles();
  const node = `Node ${process.versions.node}`;
  const bundleTable: Table = {
    title: 'verify: bundle for browsers, bytes',
    columns: ['bundle', 'minified', 'gzipped'],
    rows: bundles.map(({ what, minified, gzipped }) => [what, minified, gzipped]),
  };
  return {
    tables: [
      toTable(node, inNode),
      ...(version === null ? [] : [toTable(version, inChromium)]),
      bundleTable,
    ],
    notes: [
      'first: in a new process, before anything was compiled. The others: the same evidence, one after the other.',
      ...(version === null ? ['Chromium is absent: nothing was measured in it.'] : []),
    ],
    data: {
      runs,
      node: inNode,
      chromium: version === null ? null : { version, rows: inChromium },
      bundles,
    },
  };
}

function toRow(evidence: string, { first, later }: Times): Row {
  return { evidence, first, ...summarise(later) };
}

function toTable(where: string, rows: readonly Row[]): Table {
  return {
    title: `verify: one verification with all collateral given, in ${where}, milliseconds`,
    columns: ['evidence', 'first', 'min', 'median', 'p95', 'runs'],
    rows: rows.map((row) => [row.evidence, row.first, row.min, row.median, row.p95, row.runs]),
  };
}
