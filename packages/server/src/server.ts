import { toHex, type ServerConfig } from '@blindai/protocol';
import { refuseDebugger, refuseInspectorSignal } from './debugger.ts';
import { listen, type Listener } from './listen.ts';
import { createLog, type Log } from './log.ts';
import { enforcePlatform } from './platform-support.ts';
import { forbidDumping } from './platform/process-control.ts';
import { createService, type Service } from './service.ts';
import type { Config, Isolation } from './settings.ts';
import { surfaces, type Surface } from './surface.ts';
import { version } from './version.ts';

/** What a server that is ready tells its operator. */
export interface ReadyInfo {
  readonly version: string;
  readonly tee: ServerConfig['tee'];
  /** Then nothing is protected. */
  readonly simulation: boolean;
  /** Of the code that runs, in hex. */
  readonly measurement: string;
  /** Of models from the server, each other and the machine, as it was found by trying. */
  readonly isolation: Isolation;
  /** What keeps it from being `sandboxed`, and how to get it; empty if nothing does. */
  readonly isolationMissing: readonly string[];
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
  if (process.platform === 'linux') forbidDumping();
  const service = await createService(config, log);
  const listeners = await openPorts(config, service);
  const stopRefusing = refuseInspectorSignal(log);
  const ready = describeReady(config, service, listeners);
  logReady(log, ready, listeners);

  const shutDown = async (): Promise<void> => {
    log.info({ event: 'server-draining' });
    for (const listener of listeners) listener.stop();
    await service.drain();
    await Promise.all(listeners.map(async (listener) => listener.close()));
    await service.close();
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

async function openPorts(config: Config, service: Service): Promise<Listener[]> {
  const { app, identity } = service;
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
    await service.close();
    throw error;
  }
}

function describeReady(
  config: Config,
  service: Service,
  listeners: readonly Listener[],
): ReadyInfo {
  const addressOf = (surface: Surface): string | null =>
    listeners.find((listener) => listener.surface === surface)?.address ?? null;
  return {
    version,
    tee: service.config.tee,
    simulation: config.simulation,
    measurement: toHex(service.measurement),
    isolation: service.config.isolation,
    isolationMissing: service.isolation.missing,
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
