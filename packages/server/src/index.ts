/**
 * The inference server: its settings, how it starts and ends, and what it logs.
 *
 * @packageDocumentation
 */
export { checkModel } from './check-model.ts';
export type { InspectionOptions, ModelCheck, ModelSummary } from './check-model.ts';
export { loadConfig, settings } from './config.ts';
export type { Config, ConfigSources, Isolation, Setting } from './config.ts';
export { ConfigError, ServerError, serverErrors } from './errors.ts';
export type { ServerErrorCode } from './errors.ts';
export { findIsolation } from './isolation/find-isolation.ts';
export type { IsolationConfig, IsolationFindings } from './isolation/find-isolation.ts';
export type { ProbeRow } from './isolation/judge.ts';
export type { DeniedCall } from './inference/denial-reports.ts';
export type { CageStep } from './inference/messages.ts';
export type { RunnerCage, ThreadCount } from './inference/runner-cage.ts';
export type { Scheduling } from './inference/run-plan.ts';
export type { RunnerUsers, UserRange } from './inference/runner-users.ts';
export { createLog } from './log.ts';
export type { Log, LogEvent, LogFields } from './log.ts';
export { measureBuild } from './measurement.ts';
export { startServer } from './server.ts';
export type { ReadyInfo, RunningServer } from './server.ts';
export { runUntilSignal } from './signals.ts';
export type { Surface } from './surface.ts';
