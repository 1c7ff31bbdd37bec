import { freemem } from 'node:os';
import {
  peakResidentBytes,
  residentBytes,
  descendantsOf,
} from '../../test/support/process-watch.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings } from '../section.ts';
import type { LoopDelay } from '../serving/server-order.ts';
import { serve } from '../serving/served.ts';
import { BareTransport } from '../transport/bare-transport.ts';
import { createLargeModel, type LargeModel } from './large-model.ts';

const MEGABYTE = 1e6;
const mebibytes = [100, 1024];

/** A model takes about four times its size while it loads, beside its own bytes. */
const memoryFactor = 6;

/** What one upload took. */
interface Row {
  readonly megabytes: number;
  /** To a server of Node that drops what it gets, MB/s. */
  readonly plainRate: number;
  /** Until all was handed over, MB/s. */
  readonly rate: number;
  /** From then until the model had loaded, in seconds. */
  readonly loadSeconds: number;
  /** Of somebody else's server nothing of what follows is seen. In megabytes. */
  readonly idle: number | null;
  readonly peak: number | null;
  readonly runnerPeak: number | null;
  readonly loopDelay: LoopDelay | null;
}

/** How fast large models arrive, and what that takes of the serving process. */
export async function measureUploading({ other, progress }: Asked): Promise<Findings> {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const size of mebibytes) {
    if (other === null && freemem() < memoryFactor * size * 2 ** 20) {
      notes.push(`${size} MiB: left out, the machine has not enough memory free.`);
      continue;
    }
    progress(`upload: ${size} MiB`);
    await using served = await serve(other);
    rows.push(await measure(createLargeModel(size), served));
  }
  return {
    tables: [
      {
        title: 'upload: models that stream in, megabytes',
        columns: [
          'MB',
          'plain TLS MB/s',
          'MB/s',
          'ratio',
          'load s',
          'server idle',
          'server peak',
          'grown by',
          'runner peak',
          'loop delay p99 ms',
        ],
        rows: rows.map((row) => [
          row.megabytes,
          row.plainRate,
          row.rate,
          row.rate / row.plainRate,
          row.loadSeconds,
          row.idle ?? 'not seen',
          row.peak ?? 'not seen',
          row.peak === null || row.idle === null ? 'not seen' : row.peak - row.idle,
          row.runnerPeak ?? 'not seen',
          row.loopDelay?.p99 ?? 'not seen',
        ]),
      },
    ],
    notes: [
      ...notes,
      'plain TLS: the same bytes to a server of Node that drops them. MB/s: until all was handed to the connection, hashed on both sides.',
      'load: from then until the model ran for the first time in its runner, which reads it once more.',
    ],
    data: { rows },
    plots: [
      plotBars({
        name: 'upload',
        title: 'Uploads that stream in',
        unit: 'MB/s',
        series: ['plain TLS', 'upload'],
        groups: rows.map((row) => ({
          label: `${row.megabytes.toFixed(0)} MB`,
          values: [row.plainRate, row.rate],
        })),
      }),
    ],
  };
}

async function measure(model: LargeModel, served: Awaited<ReturnType<typeof serve>>): Promise<Row> {
  const server = served.process;
  const client = await served.connect();
  const plainMs = await sendPlainly(model);
  const idle = server === null ? null : residentBytes(server.pid);
  await server?.watchLoop();
  const started = performance.now();
  let sentMs = 0;
  const { modelId } = await client.uploadModel(model.pieces(), {
    onProgress: ({ sentBytes }) => {
      if (sentBytes === model.bytes) sentMs = performance.now() - started;
    },
  });
  const totalMs = performance.now() - started;
  const loopDelay = (await server?.loopDelay()) ?? null;
  const runners = server === null ? [] : descendantsOf(server.pid).map(peakResidentBytes);
  await client.deleteModel(modelId);
  await client.close();
  const rate = (ms: number): number => model.bytes / MEGABYTE / (ms / 1000);
  return {
    megabytes: model.bytes / MEGABYTE,
    plainRate: rate(plainMs),
    rate: rate(sentMs),
    loadSeconds: (totalMs - sentMs) / 1000,
    idle: idle === null ? null : idle / MEGABYTE,
    peak: server === null ? null : peakResidentBytes(server.pid) / MEGABYTE,
    runnerPeak: runners.length === 0 ? null : Math.max(...runners) / MEGABYTE,
    loopDelay,
  };
}

async function sendPlainly(model: LargeModel): Promise<number> {
  await using transport = await BareTransport.start();
  return await transport.send(() => model.pieces(), model.bytes);
}
