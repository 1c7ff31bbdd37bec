/**
 * Measures what the product costs, on this machine.
 *
 *     npm run bench                            every section, in about eight minutes
 *     npm run bench -- latency stages          some of them
 *     npm run bench -- --full                  every model, however long it takes
 *     npm run bench -- --json figures.json     and write the figures to a file
 *     npm run bench -- --svg FOLDER            and plots of them to a folder
 *     npm run bench -- --server HOST           another server, which lets anyone upload and run
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBatching } from './batching/section.ts';
import { measureCage } from './cage/section.ts';
import { measureConnecting } from './connecting/section.ts';
import { measureLatency } from './latency/section.ts';
import { measureLoading } from './loading/section.ts';
import { describeMachine } from './machine.ts';
import type { Findings, OtherServer, Section } from './section.ts';
import { measureStages } from './stages/section.ts';
import { formatTable } from './table.ts';
import { measureTail } from './tail/section.ts';
import { measureThroughput } from './throughput/section.ts';
import { measureUploading } from './uploading/section.ts';
import { measureVerification } from './verify/section.ts';

const sections: Readonly<Record<string, Section>> = {
  verify: measureVerification,
  connect: measureConnecting,
  latency: measureLatency,
  stages: measureStages,
  throughput: measureThroughput,
  tail: measureTail,
  batching: measureBatching,
  load: measureLoading,
  upload: measureUploading,
  cage: measureCage,
};

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'string' },
    svg: { type: 'string' },
    full: { type: 'boolean', default: false },
    server: { type: 'string' },
    'attested-port': { type: 'string', default: '9924' },
    'management-port': { type: 'string', default: '9925' },
    manifest: { type: 'string' },
  },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !(name in sections));
if (unknown !== undefined) {
  process.stderr.write(`${unknown}: one of ${Object.keys(sections).join(', ')} expected\n`);
  process.exit(1);
}
const other: OtherServer | null =
  values.server === undefined
    ? null
    : {
        host: values.server,
        attestedPort: Number(values['attested-port']),
        managementPort: Number(values['management-port']),
        manifestFile: values.manifest ?? null,
      };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const progress = (what: string): void => void process.stderr.write(`${what}\n`);
const machine = describeMachine();
const { cpu, cores, memoryGiB, platform, node, load } = machine;
say(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, load ${load} before`);
const figures: Record<string, object> = {};
const seconds: Record<string, number> = {};
for (const [name, measure] of Object.entries(sections)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const startedAt = performance.now();
  let findings: Findings;
  try {
    findings = await measure({ full: values.full, other, progress });
  } catch (error) {
    // The figures of the others are none the worse.
    process.exitCode = 1;
    say(`\n${name}: failed, ${error instanceof Error ? error.message : String(error)}`);
    continue;
  }
  const { tables, notes, data, plots = [] } = findings;
  seconds[name] = Math.round((performance.now() - startedAt) / 1000);
  figures[name] = data;
  for (const text of [...tables.map(formatTable), notes.join('\n')]) say(`\n${text}`);
  if (values.svg === undefined) continue;
  mkdirSync(values.svg, { recursive: true });
  for (const plot of plots) writeFileSync(join(values.svg, `${plot.name}.svg`), plot.svg);
}
const loadAfter = describeMachine().load;
const all = Object.values(seconds).reduce((sum, each) => sum + each, 0);
say(`\nAll of it took ${all} s; load ${loadAfter} after.`);
if (values.json !== undefined) {
  const text = JSON.stringify({ machine, loadAfter, seconds, sections: figures }, null, 2);
  writeFileSync(values.json, `${text}\n`);
}
