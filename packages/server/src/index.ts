export { loadConfig, settings } from './config.ts';
export type { Config, ConfigSources, Isolation, Setting } from './config.ts';
export { ConfigError, ServerError, serverErrors } from './errors.ts';
export type { ServerErrorCode } from './errors.ts';
