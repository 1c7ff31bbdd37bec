import { writeFile } from 'node:fs/promises';
import { anyMeasurement, AttestationError, verifyServer } from '@blindai/client/node';
import type { ServerConfig } from '@blindai/protocol';
import type { Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
  toHex,
} from '../connection-options.ts';
import { FileError, UsageError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import type { Context } from './context.ts';
import {
  addReportOptions,
  printAccepted,
  printRefusal,
  type ReportFlags,
} from './report-options.ts';

interface VerifyFlags extends ServerFlags, ReportFlags {
  readonly writeCert?: string;
}

/** `blindai verify HOST`: takes the steps of `connect`, prints every check, sends no data. */
export function addVerify(program: Command, context: Context): void {
  const command = program
    .command('verify')
    .description('verify a server: every check, its configuration and its keys; sends no data')
    .addArgument(hostArgument())
    .option(
      '--write-cert <file>',
      'write the certificate of the connection, after acceptance only',
    );
  addReportOptions(command);
  addServerOptions(command, { anyMeasurement: true });
  command.addHelpText(
    'after',
    `
Examples:
  blindai verify localhost --simulation
  blindai verify enclave.example.org --manifest manifest.toml --explain
  blindai verify enclave.example.org --manifest manifest.toml --write-cert server.pem`,
  );
  command.action(async (host: string, flags: VerifyFlags) => {
    if (flags.writeCert !== undefined && flags.anyMeasurement === true)
      throw new UsageError(
        '--write-cert writes what other programs will trust, which --any-measurement is too little for: give --manifest FILE',
      );
    const policy = await connectOptions(flags);
    const options = {
      ...policy,
      ...(flags.anyMeasurement === true ? { [anyMeasurement]: true as const } : {}),
    };
    try {
      const server = await verifyServer(host, options);
      const config = describeConfig(server.config);
      const keyset = { tls: toHex(server.keyset.tls), sha256: server.keysetSha256 };
      const tlsGroup = server.tls.group;
      const judged = { ...policy, more: { config, keyset, tlsGroup } };
      printAccepted(server.claims, server.report, judged, flags, context);
      if (flags.json !== true) {
        for (const [name, value] of Object.entries(config))
          context.out(`  config ${name.padEnd(15)} ${value}\n`);
        context.out(
          `  TLS certificate        sha256 ${keyset.tls}\n  keyset                 sha256 ${keyset.sha256}\n`,
        );
        context.out(`  TLS key exchange       ${tlsGroup}\n`);
      }
      if (flags.writeCert !== undefined)
        await writeCertificate(flags.writeCert, server.certificate);
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error;
      printRefusal(error.report, policy, flags, context);
    }
  });
}

function describeConfig(config: ServerConfig): Record<string, string | boolean | null> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]: [string, ServerConfig[keyof ServerConfig]]) => [
      name,
      value instanceof Uint8Array ? toHex(value) : value,
    ]),
  );
}

async function writeCertificate(path: string, der: Uint8Array): Promise<void> {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  try {
    await writeFile(
      path,
      `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    );
  } catch (error) {
    throw new FileError(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
