import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Path of the `chromium` command, as Debian's package installs it; `null` if there is none. */
export function findChromium(): string | null {
  const candidates = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A program for browsers, and what it is made of. */
export interface Bundle {
  readonly code: string;
  /** Names that it would still import. */
  readonly imports: readonly string[];
  /** Paths of the sources, relative to the working folder. */
  readonly inputs: readonly string[];
}

/**
 * Bundles a program for browsers, without standing in for anything that only Node has.
 *
 * @param source - An ES module in TypeScript; its imports are found from `folder`.
 * @param options.minify - Default false.
 * @throws if something that it imports is not to be had in a browser.
 */
export async function bundle(
  source: string,
  folder: string,
  options: { minify?: boolean } = {},
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: folder, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: options.minify ?? false,
    legalComments: 'none',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const outputs = Object.values(metafile.outputs);
  return {
    code: outputFiles[0]!.text,
    imports: outputs.flatMap((output) => output.imports.map(({ path }) => path)),
    inputs: Object.keys(metafile.inputs),
  };
}

/** A page in a browser of its own, with a program loaded. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** Of the browser, e.g. `Chromium 156.0.8078.79`. */
  readonly version: string;
  /** What the page asked for, in order. */
  readonly requests: readonly string[];
}

/**
 * What keeps Chromium to itself, besides what playwright says: names resolve to nothing, so that nobody is asked
 * whatever it would like to ask.
 */
const quiet = [
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--disable-domain-reliability',
  '--disable-client-side-phishing-detection',
  '--no-pings',
];

/**
 * Loads a program into a real Chromium, from a server on 127.0.0.1: a secure context, which WebCrypto asks for, and
 * isolated, for which clocks are finer.
 *
 * @param code - An ES module.
 */
export async function openBrowserPage(executablePath: string, code: string): Promise<BrowserPage> {
  const server = await serve(code);
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await server.close();
  };
  try {
    // It shows our own page only, and its sandbox cannot be had as root or in most containers.
    const asked = { executablePath, args: quiet, chromiumSandbox: false };
    browser = await chromium.launch(asked);
    const page = await browser.newPage();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(server.origin, { waitUntil: 'load' });
    if (errors[0]) throw errors[0];
    const version = `Chromium ${browser.version()}`;
    return { page, version, requests, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const html =
  '<!doctype html><meta charset="utf-8"><script type="module" src="/program.js"></script>';

/** Serves the page and its program, and nothing else, on a free port. */
async function serve(code: string): Promise<{ origin: string; close: () => Promise<void> }> {
  const files: Readonly<Record<string, readonly [type: string, body: string]>> = {
    '/': ['text/html', html],
    '/program.js': ['text/javascript', code],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ''] ?? [];
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': `${type ?? 'text/plain'}; charset=utf-8`,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
