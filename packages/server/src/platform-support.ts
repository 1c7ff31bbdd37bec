import { ServerError } from './errors.ts';
import type { Config } from './settings.ts';

/**
 * Elsewhere than on Linux a server is for trying out only: simulated, and with nothing around its models.
 *
 * @throws {ServerError} `unsupported-platform`.
 */
export function enforcePlatform(
  config: Pick<Config, 'simulation' | 'isolation'>,
  platform: string = process.platform,
): void {
  if (platform === 'linux' || (config.simulation && config.isolation === 'none')) return;
  throw new ServerError(
    'unsupported-platform',
    `on ${platform} a server starts with --simulation and isolation "none" only`,
  );
}
