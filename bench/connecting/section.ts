import type { Asked, Findings } from '../section.ts';
import { serve } from '../serving/served.ts';
import { summarise } from '../statistics.ts';
import { BareTransport } from '../transport/bare-transport.ts';

const uncounted = 15;
const counted = 60;
const rounds = 4;

/** What it takes until the first byte of data may leave: TLS, evidence with a nonce, its verification. */
export async function measureConnecting({ other, progress }: Asked): Promise<Findings> {
  progress('connect');
  await using served = await serve(other);
  await using transport = await BareTransport.start();
  const connect = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      const started = performance.now();
      const client = await served.connect();
      times.push(performance.now() - started);
      await client.close();
    }
    return times;
  };
  const [first] = await connect(1);
  await connect(uncounted);
  await transport.handshakes(uncounted);
  const connections: number[] = [];
  const handshakes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    handshakes.push(...(await transport.handshakes(counted / rounds)));
    connections.push(...(await connect(counted / rounds)));
  }
  const rows = [
    { what: 'TLS handshake alone', first: null, ...summarise(handshakes) },
    { what: 'connect and verify', first: first!, ...summarise(connections) },
  ];
  return {
    tables: [
      {
        title: 'connect: until the first byte of data may leave, milliseconds',
        columns: ['what', 'first', 'min', 'median', 'p95', 'runs'],
        rows: rows.map(({ what, first: once, min, median, p95, runs }) => [
          what,
          once === null ? '' : once.toFixed(1),
          min,
          median,
          p95,
          runs,
        ]),
      },
    ],
    notes: [
      'first: nothing was compiled yet in the client. The TLS handshake is that of a plain server of Node.',
    ],
    data: { rows },
  };
}
