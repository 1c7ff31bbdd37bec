import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emit, simulatedTcbStatuses } from '@blindai/simulator';
import { type Command, Option } from 'commander';
import { parseHex } from '../connection-options.ts';
import { FileError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import { type Context, json } from './context.ts';

interface EmitFlags {
  readonly tee: string;
  readonly reportData?: Uint8Array;
  readonly measurement?: Uint8Array;
  readonly revoked?: boolean;
  readonly tcbStatus?: (typeof simulatedTcbStatuses)[number];
  readonly debug?: boolean;
  readonly json?: boolean;
}

/** `blindai simulator emit DIR`: evidence of the fake vendor, for other verifiers to be tried on. */
export function addSimulator(program: Command, context: Context): void {
  const simulator = program
    .command('simulator')
    .description('the fake hardware vendor: protects nothing');
  simulator
    .command('emit')
    .description('write quote.bin, collateral.json and root.pem into a folder')
    .argument('<dir>', 'the folder, made if absent')
    .addOption(new Option('--tee <tee>', 'which TEE to imitate').choices(['sgx']).default('sgx'))
    .option('--report-data <hex>', '64 bytes (default: zeros)', parseHex(64))
    .option('--measurement <hex>', 'MRENCLAVE, 32 bytes (default: zeros)', parseHex(32))
    .option('--revoked', 'the platform certificate is on the revocation list')
    .addOption(
      new Option('--tcb-status <status>', "the platform's TCB status").choices(
        simulatedTcbStatuses,
      ),
    )
    .option('--debug', 'a debug enclave')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText('after', '\nExample:\n  blindai simulator emit ./evidence --tcb-status OutOfDate')
    .action(async (dir: string, flags: EmitFlags) => {
      const { quote, collateralJson, rootPem } = await emit({
        at: new Date(),
        ...(flags.reportData === undefined ? {} : { reportData: flags.reportData }),
        ...(flags.measurement === undefined ? {} : { measurement: flags.measurement }),
        ...(flags.tcbStatus === undefined ? {} : { tcbStatus: flags.tcbStatus }),
        revoked: flags.revoked === true,
        debug: flags.debug === true,
      });
      const files = { 'quote.bin': quote, 'collateral.json': collateralJson, 'root.pem': rootPem };
      try {
        await mkdir(dir, { recursive: true });
        for (const [name, content] of Object.entries(files))
          await writeFile(join(dir, name), content);
      } catch (error) {
        throw new FileError(`cannot write into ${dir}: ${reasonOf(error)}`, { cause: error });
      }
      const written = Object.keys(files).map((name) => join(dir, name));
      if (flags.json === true) context.out(json({ written }));
      else context.err(`wrote ${written.join(', ')}: SIMULATION, protects nothing\n`);
    });
}
