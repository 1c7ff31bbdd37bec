import { loadConfig, type Config } from '../src/config.ts';
import { findIsolation, type IsolationFindings } from '../src/isolation/find-isolation.ts';
import { createService, type Service } from '../src/service.ts';
import { recordLog, type RecordedLog } from './recorded-log.ts';
import { answerOnWeb, type WebApp } from './web-response.ts';

/** A server without sockets, read in process. */
export interface SimulatedService extends Omit<Service, 'app'> {
  readonly app: WebApp;
  readonly log: RecordedLog;
}

/** Really found, but once for all servers of one test file. */
let found: Promise<IsolationFindings> | undefined;

/** A whole simulated server without sockets: real evidence, real runners, a log that keeps its lines. */
export async function createSimulatedService(
  flags: Partial<Record<keyof Config, string | boolean>> = {},
): Promise<SimulatedService> {
  const log = recordLog();
  const config = await loadConfig({ flags: { simulation: true, ...flags }, environment: {} });
  const find = (): Promise<IsolationFindings> => (found ??= findIsolation(config));
  const service = await createService(config, log, find);
  return { ...service, app: answerOnWeb(service.app), log };
}
