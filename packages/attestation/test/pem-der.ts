const lineLength = 64;

/** DER of every PEM block in a text. */
export function derOf(pem: string): Uint8Array<ArrayBuffer>[] {
  return [...pem.matchAll(/-----BEGIN [^-]+-----([^-]*)-----END/g)].map((match) =>
    Uint8Array.from(Buffer.from(match[1] ?? '', 'base64')),
  );
}

/** PEM blocks as Intel writes them. */
export function pemOf(label: string, ...blocks: readonly Uint8Array[]): string {
  return blocks
    .map((der) => {
      const encoded = Buffer.from(der).toString('base64');
      const lines = encoded.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? [];
      return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
    })
    .join('');
}
