let warned = false;

/** Says once per process, on stderr, that a simulated server protects nothing. */
export function warnOfSimulation(): void {
  if (warned) return;
  warned = true;
  process.stderr.write(
    'blindai: SIMULATION: this client accepts simulated hardware, which protects nothing.\n',
  );
}
