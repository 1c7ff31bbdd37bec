import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Every way to write a line somewhere that a server's code could come by. */
const loggers =
  /\bconsole\b|\bprocess\.(?:stdout|stderr)\b|\bpino\b|\bdebuglog\b|\bemitWarning\b|\btracingChannel\b/;

describe('the built code', () => {
  const dist = new URL('../dist/', import.meta.url);
  const files = readdirSync(dist, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.js'));

  it.each(files)('logs nowhere but in log.js: %s', (file) => {
    const code = readFileSync(new URL(file, dist), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
    if (file === 'log.js') expect(code).toMatch(loggers);
    else expect(code).not.toMatch(loggers);
  });
});
