import type { ServerConfig } from '@blindai/protocol';
import { AddressBudget } from './access/address-budget.ts';
import { createApp, type App } from './app.ts';
import { BufferedBytes } from './body.ts';
import { refuseWithoutProvider } from './evidence/detect.ts';
import { EvidenceService } from './evidence/evidence-service.ts';
import type { EvidenceProvider } from './evidence/provider.ts';
import { createSimulatedProvider } from './evidence/simulated.ts';
import { createIdentity, type Identity } from './identity.ts';
import { RunnerPool } from './inference/pool.ts';
import { findIsolation, type IsolationFindings } from './isolation/find-isolation.ts';
import { enforceIsolation } from './isolation/floor.ts';
import type { Log } from './log.ts';
import { measureBuild } from './measurement.ts';
import { createModelBytes } from './models/model-bytes.ts';
import { ModelBudget } from './models/model-budget.ts';
import { ModelRegistry } from './models/registry.ts';
import { attestationRoutes } from './routes/attestation.ts';
import { blindaiRoutes } from './routes/blindai.ts';
import { healthRoutes } from './routes/health.ts';
import { openInferenceRoutes } from './routes/open-inference.ts';
import type { Route } from './routes/route.ts';
import type { Config, Isolation } from './settings.ts';
import { version } from './version.ts';
import { Work } from './work.ts';

/** A whole server but for its sockets. */
export interface Service {
  readonly app: App;
  readonly identity: Identity;
  /** The settings that clients find in the keyset. */
  readonly config: ServerConfig;
  readonly isolation: IsolationFindings;
  readonly measurement: Uint8Array;
  /** Refuses new work at once, and ends what still runs after the drain time. */
  readonly drain: () => Promise<void>;
  /** Ends everything that is left: models, their processes and their bytes. */
  readonly close: () => Promise<void>;
}

/**
 * Finds the TEE, tries to break out of a runner, makes keys and the evidence for them, and puts the application
 * together.
 *
 * @param find - Finds the isolation; what it found before, in tests that start many servers.
 * @throws {ServerError} `no-tee` or `isolation-too-weak`.
 */
export async function createService(
  config: Config,
  log: Log,
  find: (config: Config) => Promise<IsolationFindings> = findIsolation,
): Promise<Service> {
  const provider = await findProvider(config);
  const isolation = await find(config);
  for (const { probe, result } of isolation.probes) {
    if (result === 'reached') log.warn({ event: 'probe-reached', probe });
  }
  enforceIsolation(config.isolation, isolation);
  const attested = describeConfig(config, provider, isolation.level);
  const identity = await createIdentity(attested);
  const evidence = new EvidenceService({
    provider,
    identity,
    budget: new AddressBudget(config.quotesPerMinute),
    maxQueued: config.maxQueuedQuotes,
    now,
  });
  await evidence.boot();

  const pool = new RunnerPool(config, log, isolation.cage);
  const models = new ModelRegistry(pool, config);
  const work = new Work();
  const app = createApp({
    routes: createRoutes(config, evidence, models),
    work,
    log,
    serverHeader: config.simulation ? 'blindai mock (testing)' : 'blindai',
  });
  return {
    app,
    identity,
    config: attested,
    isolation,
    measurement: provider.measurement,
    drain: async () => work.drain(config.drainTimeoutMs),
    close: async () => {
      await models.close();
      await pool.close();
    },
  };
}

const now = (): Date => new Date();

async function findProvider(config: Config): Promise<EvidenceProvider> {
  if (!config.simulation) return refuseWithoutProvider();
  return createSimulatedProvider(await measureBuild(), now);
}

/** Every setting on which security depends, and nothing else may weaken anything (trust.md, "config"). */
function describeConfig(
  config: Config,
  provider: EvidenceProvider,
  isolation: Isolation,
): ServerConfig {
  return {
    tee: provider.tee,
    isolation,
    anonymous: config.anonymous,
    storage: 'none',
    stateFreshness: 'none',
    time: 'host',
    issuers: null,
    version,
  };
}

function createRoutes(
  config: Config,
  evidence: EvidenceService,
  models: ModelRegistry,
): readonly Route[] {
  const modelBudget = new ModelBudget(config.maxModelsBytes);
  const buffered = new BufferedBytes(config.maxBufferedBytes);
  return [
    ...attestationRoutes(evidence),
    ...healthRoutes(),
    ...blindaiRoutes({
      config,
      models,
      createModelBytes: () => createModelBytes(config.maxModelBytes, modelBudget),
      buffered,
    }),
    ...openInferenceRoutes({ config, models, buffered }),
  ];
}
