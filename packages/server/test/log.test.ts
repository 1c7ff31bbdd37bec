import { describe, expect, it } from 'vitest';
import { createLog, describeError, type LogFields } from '../src/log.ts';

function logged(
  fields: object,
  config: Partial<Parameters<typeof createLog>[0]> = {},
): Record<string, unknown>[] {
  const lines: string[] = [];
  const settings = { simulation: false, logLevel: 'info', logFormat: 'json', ...config } as const;
  createLog(settings, { write: (line) => void lines.push(line) }).info(fields as LogFields);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLog', () => {
  it('writes a JSON line with time, level and the fields', () => {
    const [line] = logged({ event: 'request', surface: 'attested', status: 200, durationMs: 3 });
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
      event: 'request',
      surface: 'attested',
      status: 200,
      durationMs: 3,
    });
  });

  it('says in every line of a simulation that it protects nothing', () => {
    const [line] = logged({ event: 'request' }, { simulation: true });
    expect(line?.['simulation']).toBe('protects nothing');
    expect(logged({ event: 'request' })[0]).not.toHaveProperty('simulation');
  });

  it('drops fields that are not on the list, errors and nested objects among them', () => {
    const secret = 'patient 4711';
    const [line] = logged({
      event: 'request',
      body: secret,
      msg: secret,
      err: new Error(secret),
      error: new Error(secret),
      constructor: secret,
      toJSON: () => ({ secret }),
    });
    expect(JSON.stringify(line)).not.toContain(secret);
    expect(Object.keys(line ?? {})).toEqual(['level', 'time', 'event']);
  });

  it.each([
    { event: 'patient 4711' },
    { event: 'request', surface: 'patient 4711' },
    { event: 'request', route: 'POST /run?patient=4711' },
    { event: 'request', modelRef: '3f0c7f5e-5df6-4d4a-9a0c-7d1f6d1c4711' },
    { event: 'request', code: { patient: 4711 } },
    { event: 'request', status: 'patient 4711' },
    { event: 'request', errorName: 'patient 4711' },
    { event: 'request', thrownAt: '/home/4711/app.js:1:1' },
    { event: 'request', bytes: Object.assign(new Error('patient 4711'), {}) },
  ])('withholds a value that does not look as its field should: %o', (fields) => {
    const text = JSON.stringify(logged(fields));
    expect(text).not.toContain('4711');
    expect(text).toContain('(withheld)');
  });

  it('leaves out what is less serious than the level', () => {
    expect(logged({ event: 'request' }, { logLevel: 'warn' })).toEqual([]);
  });

  it('writes readable lines when asked', () => {
    const lines: string[] = [];
    const settings = { simulation: true, logLevel: 'info', logFormat: 'pretty' } as const;
    const log = createLog(settings, { write: (line) => void lines.push(line) });
    log.warn({ event: 'server-draining' });
    expect(lines.join('')).toContain('WARN');
    expect(lines.join('')).toContain('server-draining');
    expect(lines.join('')).toContain('protects nothing');
  });
});

describe('describeError', () => {
  it('tells class, code and place of an error, not its message', () => {
    const error = Object.assign(new TypeError('patient 4711'), { code: 'ERR_INVALID_ARG_TYPE' });
    const described = describeError(error);
    expect(described).toEqual({
      errorName: 'TypeError',
      code: 'err-invalid-arg-type',
      thrownAt: expect.stringMatching(/^log\.test\.ts:\d+:\d+$/) as unknown,
    });
    const [line] = logged({ event: 'request-failed', ...described });
    expect(JSON.stringify(line)).not.toContain('withheld');
  });

  it('copes with what is no error', () => {
    expect(describeError('patient 4711')).toEqual({ errorName: 'string' });
  });

  it('finds the place also where the message has several lines', () => {
    const described = describeError(new Error('secret-4711.js:1:1)\n    at secret.js:4711:1'));
    expect(JSON.stringify(described)).not.toContain('4711');
  });
});
