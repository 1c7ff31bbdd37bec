/**
 * Puts a server under mixed load and judges what it did.
 *
 *     npm run soak                                     ten minutes
 *     BLINDAI_SOAK_MINUTES=60 npm run soak             an hour
 *     BLINDAI_SOAK_SHARE=0.25 npm run soak             everybody pauses three quarters of the time
 *     BLINDAI_SOAK_SEED=2 npm run soak                 other choices
 *     BLINDAI_SOAK_FOLDER=FOLDER npm run soak          and writes figures and curves there
 *
 * Ends with 1 if anything was not as it has to be.
 */
import { describeMachine } from '../../bench/machine.ts';
import { describeSoak, writeSoak } from './report.ts';
import { faultsOf } from './verdict.ts';

// The bare engine in this process would tell others of its use: it is loaded after this.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { soak } = await import('./soak.ts');

const number = (name: string, otherwise: number): number => {
  const given = process.env[`BLINDAI_SOAK_${name}`];
  const value = given === undefined ? otherwise : Number(given);
  if (!(value > 0)) throw new TypeError(`BLINDAI_SOAK_${name}: a number above 0 expected`);
  return value;
};

const folder = process.env['BLINDAI_SOAK_FOLDER'];
const seconds = 60 * number('MINUTES', 10);
const machine = describeMachine();
const findings = await soak({
  seconds,
  // Until the heap and the compilers have come to rest.
  warmUpSeconds: Math.min(300, seconds / 10),
  seed: number('SEED', 1),
  sampleMs: 1000,
  share: Math.min(number('SHARE', 1), 1),
});
const faults = faultsOf(findings);
process.stdout.write(describeSoak(findings, machine, faults));
if (folder !== undefined) writeSoak(folder, findings, machine, faults);
process.exitCode = faults.length === 0 ? 0 : 1;
