import { settings } from '@blindai/server';
import { BareEngine } from '../engine/bare-engine.ts';
import { generatedMlp, largeSubject, type Subject, type SubjectInput } from '../models/subjects.ts';
import type { Asked, Findings } from '../section.ts';
import { estimate, median, type Estimate } from '../statistics.ts';

const batchSize = 16;
const rounds = 6;

/** What the engine gains by computing several runs as one. */
interface Row {
  readonly model: string;
  /** Time of one run alone over the time of one of sixteen together. */
  readonly gain: Estimate;
}

/** What putting runs together gains: of the engine alone, as long as the server does not do it. */
export async function measureBatching({ progress }: Asked): Promise<Findings> {
  const rows: Row[] = [];
  for (const subject of [generatedMlp(), largeSubject()]) {
    progress(`batching: ${subject.name}`);
    rows.push({ model: subject.name, gain: await measure(subject) });
  }
  const isImplemented = settings.some(({ name }) => /batch/i.test(name));
  const served = isImplemented ? 'not measured here yet' : 'not implemented';
  return {
    tables: [
      {
        title: `batching: gain for each run when ${batchSize} are computed together`,
        columns: ['model', 'bare engine', 'served'],
        rows: rows.map(({ model, gain }) => [model, gain.median, served]),
      },
    ],
    notes: ['The bare engine with one thread; what it gains is the most that a server could.'],
    data: { batchSize, rows, served },
  };
}

async function measure(subject: Subject): Promise<Estimate> {
  await using alone = await BareEngine.start(subject, 1);
  await using together = await BareEngine.start(repeat(subject, batchSize), 1);
  await alone.paced(50, 0);
  await together.paced(10, 0);
  const gains: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const one = median(await alone.paced(50, 0));
    const many = median(await together.paced(15, 0));
    gains.push((one * batchSize) / many);
  }
  return estimate(gains);
}

/** The same inputs several times along their first dimension. */
function repeat(subject: Subject, times: number): Subject {
  const inputs = Object.entries(subject.inputs).map(([name, { datatype, shape, data }]) => {
    const [first, ...rest] = shape;
    const List = data.constructor as new (length: number) => SubjectInput['data'];
    const all = new List(data.length * times);
    for (let at = 0; at < times; at += 1) all.set(data as never, at * data.length);
    return [name, { datatype, shape: [first! * times, ...rest], data: all }] as const;
  });
  return {
    ...subject,
    inputs: Object.fromEntries(inputs),
    inputBytes: subject.inputBytes * times,
  };
}
