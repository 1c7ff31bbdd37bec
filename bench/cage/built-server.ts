import type * as answers from '../../packages/server/dist/runner/answers.js';
import type * as channel from '../../packages/server/dist/runner/channel.js';
import type * as conversation from '../../packages/server/dist/inference/conversation.js';
import type * as denialReports from '../../packages/server/dist/inference/denial-reports.js';
import type * as prepare from '../../packages/server/dist/runner/prepare.js';
import type * as runnerCage from '../../packages/server/dist/inference/runner-cage.js';
import type * as runnerUsers from '../../packages/server/dist/inference/runner-users.js';
import type * as spawnRunner from '../../packages/server/dist/inference/spawn-runner.js';

/** Of the built server, what it keeps to itself; this runs from `bench/dist/bench/cage`. */
const folder = new URL('../../../../packages/server/dist/', import.meta.url);

/** Where the program of a runner is. */
export const runnerProgram: URL = new URL('runner/main.js', folder);

/** How the server starts runners and talks to them. */
export type ServerSide = typeof conversation &
  typeof denialReports &
  typeof runnerCage &
  typeof runnerUsers &
  typeof spawnRunner;

/** What a runner is made of, but for its cage. */
export type RunnerSide = typeof answers & typeof channel & typeof prepare;

export async function loadServerSide(): Promise<ServerSide> {
  const names = ['conversation', 'denial-reports', 'runner-cage', 'runner-users', 'spawn-runner'];
  return loadAll<ServerSide>(names.map((name) => `inference/${name}.js`));
}

export async function loadRunnerSide(): Promise<RunnerSide> {
  return loadAll<RunnerSide>(['answers', 'channel', 'prepare'].map((name) => `runner/${name}.js`));
}

async function loadAll<Modules>(paths: readonly string[]): Promise<Modules> {
  const loads = paths.map(async (path): Promise<unknown> => import(new URL(path, folder).href));
  return Object.assign({}, ...(await Promise.all(loads))) as Modules;
}
