const silent = () => undefined;

/** A log that only adds to `runners` the process id of each runner that was started. */
export function runnerLog(runners) {
  return {
    error: silent,
    warn: silent,
    debug: silent,
    info: ({ event, runner }) => void (event === 'runner-started' && runners.push(runner)),
  };
}
