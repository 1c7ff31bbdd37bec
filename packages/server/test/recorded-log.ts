import type { Log, LogFields } from '../src/log.ts';

/** A log that keeps its lines. */
export interface RecordedLog extends Log {
  readonly lines: readonly (LogFields & { readonly level: string })[];
}

export function recordLog(): RecordedLog {
  const lines: (LogFields & { readonly level: string })[] = [];
  const write = (level: string) => (fields: LogFields) => void lines.push({ level, ...fields });
  return {
    lines,
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
  };
}
