// The process in which the times of Node are measured: a vector from standard input, times to standard output.
import { text } from 'node:stream/consumers';
import * as attestation from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import type { Judgeable } from '../../packages/attestation/test/judge-vector.ts';
import { type Runs, timeVerification } from './times.ts';

const { vector, runs } = JSON.parse(await text(process.stdin)) as { vector: Judgeable; runs: Runs };
const times = await timeVerification(vector, { ...attestation, simulationAnchors }, runs);
process.stdout.write(JSON.stringify(times));
