import { expect, it, vi } from 'vitest';
import { warnOfSimulation } from '../../src/node/simulation-warning.ts';

it('warns once per process, on stderr', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  warnOfSimulation();
  warnOfSimulation();
  const written = write.mock.calls.map(([text]) => text);
  write.mockRestore();
  expect(written).toEqual([
    'blindai: SIMULATION: this client accepts simulated hardware, which protects nothing.\n',
  ]);
});
