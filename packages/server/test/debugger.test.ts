import { describe, expect, it } from 'vitest';
import { refuseDebugger, refuseInspectorSignal } from '../src/debugger.ts';
import { ServerError } from '../src/errors.ts';
import { recordLog } from './recorded-log.ts';

describe('refuseDebugger', () => {
  it.each([
    [['--inspect'], ''],
    [['--inspect-brk=0.0.0.0:9229'], ''],
    [['--max-old-space-size=64', '--inspect-port=0'], ''],
    [['--inspect-wait'], ''],
    [[], '--inspect'],
    [[], '--max-old-space-size=64 --inspect-brk'],
    [[], '"--inspect=0"'],
    [[], '--debug-port=1'],
  ])('refuses with debugger the arguments %j and NODE_OPTIONS %j', (execArgv, nodeOptions) => {
    let error: unknown;
    try {
      refuseDebugger(execArgv, nodeOptions);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ServerError);
    expect((error as ServerError).code).toBe('debugger');
  });

  it('lets other options pass', () => {
    refuseDebugger(
      ['--max-old-space-size=64', '--import', './inspect.js'],
      '--disable-warning=inspect',
    );
    refuseDebugger();
  });
});

describe('refuseInspectorSignal', () => {
  it('listens to SIGUSR1, so that Node does not, until it is told to stop', () => {
    const log = recordLog();
    const listeners = process.listenerCount('SIGUSR1');
    const stop = refuseInspectorSignal(log);
    expect(process.listenerCount('SIGUSR1')).toBe(listeners + 1);
    process.emit('SIGUSR1', 'SIGUSR1');
    expect(log.lines).toEqual([{ level: 'warn', event: 'inspector-refused', signal: 'SIGUSR1' }]);
    stop();
    expect(process.listenerCount('SIGUSR1')).toBe(listeners);
  });
});
