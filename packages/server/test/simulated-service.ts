import { loadConfig, type Config } from '../src/config.ts';
import { createService, type Service } from '../src/service.ts';
import { recordLog, type RecordedLog } from './recorded-log.ts';

/** A whole simulated server without sockets: real evidence, real runners, a log that keeps its lines. */
export async function createSimulatedService(
  flags: Partial<Record<keyof Config, string | boolean>> = {},
): Promise<Service & { readonly log: RecordedLog }> {
  const log = recordLog();
  const config = await loadConfig({ flags: { simulation: true, ...flags }, environment: {} });
  return { ...(await createService(config, log)), log };
}
