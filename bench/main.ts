/**
 * Measures what the product costs, on this machine.
 *
 *     npm run bench                         every section
 *     npm run bench -- verify               some of them
 *     npm run bench -- --json figures.json  and write the figures to a file
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import type { Section } from './section.ts';
import { formatTable } from './table.ts';
import { measureVerification } from './verify/section.ts';

const sections: Readonly<Record<string, Section>> = {
  verify: measureVerification,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !(name in sections));
if (unknown !== undefined) {
  process.stderr.write(`${unknown}: one of ${Object.keys(sections).join(', ')} expected\n`);
  process.exit(1);
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const machine = describeMachine();
const { cpu, cores, memoryGiB, platform, node } = machine;
say(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
const figures: Record<string, object> = {};
for (const [name, measure] of Object.entries(sections)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const { tables, notes, data } = await measure((what) => process.stderr.write(`${what}\n`));
  figures[name] = data;
  for (const text of [...tables.map(formatTable), notes.join('\n')]) say(`\n${text}`);
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine, sections: figures }, null, 2)}\n`);
}
