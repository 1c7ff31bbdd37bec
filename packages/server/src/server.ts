import { toHex, type ServerConfig } from '@blindai/protocol';
import { AddressBudget } from './access/address-budget.ts';
import { createApp, type App } from './app.ts';
import { BufferedBytes } from './body.ts';
import { refuseDebugger, refuseInspectorSignal } from './debugger.ts';
import { refuseWithoutProvider } from './evidence/detect.ts';
import { EvidenceService } from './evidence/evidence-service.ts';
import type { EvidenceProvider } from './evidence/provider.ts';
import { createSimulatedProvider } from './evidence/simulated.ts';
import { createIdentity, type Identity } from './identity.ts';
import { RunnerPool } from './inference/pool.ts';
import { enforceIsolation, isolationFound } from './isolation.ts';
import { listen, type Listener } from './listen.ts';
import { createLog, type Log } from './log.ts';
import { measureBuild } from './measurement.ts';
import { createModelBytes } from './models/model-bytes.ts';
import { ModelBudget } from './models/model-budget.ts';
import { ModelRegistry } from './models/registry.ts';
import { enforcePlatform } from './platform-support.ts';
import { forbidDumping } from './platform/process-control.ts';
import { attestationRoutes } from './routes/attestation.ts';
import { blindaiRoutes } from './routes/blindai.ts';
import { healthRoutes } from './routes/health.ts';
import type { Route } from './routes/route.ts';
import type { Config, Isolation } from './settings.ts';
import { surfaces, type Surface } from './surface.ts';
import { version } from './version.ts';
import { Work } from './work.ts';

/** What a server that is ready tells its operator. */
export interface ReadyInfo {
  readonly version: string;
  readonly tee: ServerConfig['tee'];
  /** Then nothing is protected. */
  readonly simulation: boolean;
  /** Of the code that runs, in hex. */
  readonly measurement: string;
  readonly isolation: Isolation;
  readonly anonymous: boolean;
  /** `host:port` of each surface; null where it is off. */
  readonly addresses: Readonly<Record<Surface, string | null>>;
}

/** A server that listens. */
export interface RunningServer {
  readonly ready: ReadyInfo;
  readonly log: Log;
  /** Refuses new work at once, ends what runs after the drain time, closes. May be called again. */
  readonly close: () => Promise<void>;
  /** Resolves when the server has closed, whoever made it. */
  readonly closed: Promise<void>;
}

/**
 * Starts a server: finds its TEE, makes its keys and the evidence for them, opens its ports.
 *
 * @throws {ServerError} for everything that keeps it from starting; nothing is left open then.
 */
export async function startServer(
  config: Config,
  log: Log = createLog(config),
): Promise<RunningServer> {
  refuseDebugger();
  enforcePlatform(config);
  const provider = await findProvider(config);
  enforceIsolation(config.isolation);
  if (process.platform === 'linux') forbidDumping();
  log.info({ event: 'server-starting', tee: provider.tee, version });

  const identity = await createIdentity(describeConfig(config, provider));
  const evidence = new EvidenceService({
    provider,
    identity,
    budget: new AddressBudget(config.quotesPerMinute),
    maxQueued: config.maxQueuedQuotes,
    now,
  });
  await evidence.boot();

  const pool = new RunnerPool(config, log);
  const models = new ModelRegistry(pool, config);
  const work = new Work();
  const app = createApp({
    routes: createRoutes(config, evidence, models),
    work,
    log,
    serverHeader: config.simulation ? 'blindai mock (testing)' : 'blindai',
  });
  const listeners = await openPorts(config, app, identity).catch(async (error: unknown) => {
    await pool.close();
    throw error;
  });
  const stopRefusing = refuseInspectorSignal(log);
  const ready = describeReady(config, provider, listeners);
  logReady(log, ready, listeners);

  const shutDown = async (): Promise<void> => {
    log.info({ event: 'server-draining' });
    for (const listener of listeners) listener.stop();
    await work.drain(config.drainTimeoutMs);
    await Promise.all(listeners.map(async (listener) => listener.close()));
    await models.close();
    await pool.close();
    stopRefusing();
    log.info({ event: 'server-closed' });
  };
  let closing: Promise<void> | undefined;
  let reportClosed!: (closing: Promise<void>) => void;
  const closed = new Promise<void>((resolve) => (reportClosed = resolve));
  const close = async (): Promise<void> => {
    closing ??= shutDown();
    reportClosed(closing);
    return closing;
  };
  return { ready, log, close, closed };
}

const now = (): Date => new Date();

async function findProvider(config: Config): Promise<EvidenceProvider> {
  if (!config.simulation) return refuseWithoutProvider();
  return createSimulatedProvider(await measureBuild(), now);
}

/** Every setting on which security depends: clients read it in the keyset (trust.md, "Keyset"). */
function describeConfig(config: Config, provider: EvidenceProvider): ServerConfig {
  return {
    tee: provider.tee,
    isolation: isolationFound,
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
  return [
    ...attestationRoutes(evidence),
    ...healthRoutes(),
    ...blindaiRoutes({
      config,
      models,
      createModelBytes: () => createModelBytes(config.maxModelBytes, modelBudget),
      buffered: new BufferedBytes(config.maxBufferedBytes),
    }),
  ];
}

async function openPorts(config: Config, app: App, identity: Identity): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const surface of surfaces) {
      const port = config[`${surface}Port`];
      if (port === null) continue;
      const host = config[`${surface}Address`];
      listeners.push(await listen({ surface, host, port, app, config, identity }));
    }
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map(async (listener) => listener.close()));
    throw error;
  }
}

function describeReady(
  config: Config,
  provider: EvidenceProvider,
  listeners: readonly Listener[],
): ReadyInfo {
  const addressOf = (surface: Surface): string | null =>
    listeners.find((listener) => listener.surface === surface)?.address ?? null;
  return {
    version,
    tee: provider.tee,
    simulation: config.simulation,
    measurement: toHex(provider.measurement),
    isolation: isolationFound,
    anonymous: config.anonymous,
    addresses: {
      unattested: addressOf('unattested'),
      attested: addressOf('attested'),
      management: addressOf('management'),
    },
  };
}

function logReady(log: Log, ready: ReadyInfo, listeners: readonly Listener[]): void {
  const { tee, measurement, isolation } = ready;
  const ports = listeners.map(({ surface, port }) => [`${surface}Port`, port] as const);
  log.info({
    event: 'server-ready',
    tee,
    measurement,
    isolation,
    version,
    ...Object.fromEntries(ports),
  });
}
