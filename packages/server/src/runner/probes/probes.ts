/*
 * What a model that took over its process would try (trust.md, "Isolation"). Each is tried for real, from a
 * runner, once before its cage is closed, as a control, and again afterwards.
 */

/** The attempts, in the order of the table. */
export const probeNames = [
  'memory-read',
  'memory-write',
  'environment',
  'descriptors',
  'trace',
  'signal',
  'limits',
  'tcp',
  'udp',
  'abstract-socket',
  'other-sockets',
  'file-main-thread',
  'file-pool-thread',
  'file-native-thread',
  'file-create',
  'evidence-device',
  'store',
] as const;

/** One of {@link probeNames}. */
export type ProbeName = (typeof probeNames)[number];

/**
 * Those that reach for other processes, the server and other runners: their memory, and power over them. The
 * others reach for what is around: files, devices, networks.
 */
export const processProbes: ReadonlySet<ProbeName> = new Set([
  'memory-read',
  'memory-write',
  'environment',
  'descriptors',
  'trace',
  'signal',
  'limits',
]);

/** At whom an attempt was aimed: a process made for it, the server, or no process. */
export type Aim = 'target' | 'server' | 'none';

/** How an attempt ended. */
export interface Outcome {
  readonly probe: ProbeName;
  readonly aim: Aim;
  readonly reached: boolean;
  /** What the system said to the first way that it stopped, such as `EPERM`; `none` if one came through. */
  readonly errno: string;
}

/** A process to reach for. */
export interface TargetProcess {
  readonly pid: number;
  /** Threads of it, its main one first. */
  readonly threads: readonly number[];
  /** Where bytes of no meaning lie in its memory, in decimal, and how many they are. */
  readonly canaryAddress: string;
  readonly canaryBytes: number;
  /** A file of no meaning that it has open. */
  readonly descriptor: number;
}

/** What listens for those who get through. */
export interface TargetSockets {
  /** Ports on 127.0.0.1. */
  readonly tcpPort: number;
  readonly udpPort: number;
  /** Name of an abstract socket, without the leading zero. */
  readonly abstractName: string;
}

/** Everything that is to be reached for. */
export interface ProbePlan {
  readonly target: TargetProcess;
  readonly sockets: TargetSockets;
  readonly server: TargetProcess;
  /** A file that the server may read, and the folder that it is in. */
  readonly file: string;
  readonly folder: string;
  /** A folder in which the server may create files. */
  readonly writableFolder: string;
  /** Devices that make evidence, whether they are there or not. */
  readonly devices: readonly string[];
  /** Where models are stored; empty if nowhere. */
  readonly stores: readonly string[];
}

/** What the process that tries says, besides that its cage is closed: how attempts ended, or that it works. */
export type ProberMessage =
  { readonly kind: 'tried'; readonly outcomes: readonly Outcome[] } | { readonly kind: 'worked' };

/** What the process that attempts are aimed at says. */
export interface TargetMessage {
  readonly kind: 'target';
  readonly target: TargetProcess;
  readonly sockets: TargetSockets;
}
