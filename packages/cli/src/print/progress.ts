import type { WriteStream } from 'node:tty';

/** A progress bar on a terminal, on one line that it clears at the end; elsewhere nothing. */
export function progressBar(
  stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>,
  label: string,
): { update(done: number, total: number | null): void; end(): void } {
  let shown = '';
  return {
    update(done, total) {
      if (!stream.isTTY) return;
      const width = Math.max(10, Math.min(40, (stream.columns || 80) - label.length - 30));
      const filled = total === null || total === 0 ? 0 : Math.round((width * done) / total);
      const amount =
        total === null ? `${megabytes(done)} MB` : `${megabytes(done)} of ${megabytes(total)} MB`;
      const line = `${label} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${amount}`;
      if (line !== shown) stream.write(`\r\u001b[K${line}`);
      shown = line;
    },
    end() {
      if (stream.isTTY && shown !== '') stream.write('\r\u001b[K');
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
