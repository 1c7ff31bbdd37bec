import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emitted, EmittedTee } from '@blindai/simulator';
import { emittedTees, simulatedTcbStatuses, snpProducts } from '@blindai/simulator/choices';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseHex } from '../connection-options.ts';
import { FileError, UsageError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import { type Context, json } from './context.ts';

interface EmitFlags {
  readonly tee: EmittedTee;
  readonly reportData?: Uint8Array;
  readonly measurement?: Uint8Array;
  readonly revoked?: boolean;
  readonly tcbStatus?: (typeof simulatedTcbStatuses)[number];
  readonly quoteVersion?: 4 | 5;
  readonly product?: (typeof snpProducts)[number];
  readonly key?: 'vcek' | 'vlek';
  readonly vmpl?: number;
  readonly debug?: boolean;
  readonly json?: boolean;
}

/** `blindai simulator emit DIR`: evidence of the fake vendors, for other verifiers to be tried on. */
export function addSimulator(program: Command, context: Context): void {
  const simulator = program
    .command('simulator')
    .description('the fake hardware vendors: protect nothing');
  simulator
    .command('emit')
    .description('write evidence into a folder, and what its vendor says of the machine')
    .argument('<dir>', 'the folder, made if absent')
    .addOption(
      new Option('--tee <tee>', 'which TEE to imitate').choices(emittedTees).default('sgx'),
    )
    .option('--report-data <hex>', '64 bytes (default: zeros)', parseHex(64))
    .option(
      '--measurement <hex>',
      'MRENCLAVE, 32 bytes; MRTD, MEASUREMENT or PCR0, 48 (default: a fixed hash)',
      parseMeasurement,
    )
    .option('--debug', 'a workload that its host can read')
    .option(
      '--revoked',
      "Intel, AMD: a certificate of the machine's chain is on the revocation list",
    )
    .addOption(
      new Option('--tcb-status <status>', "Intel: the platform's TCB status").choices(
        simulatedTcbStatuses,
      ),
    )
    .addOption(
      new Option('--quote-version <version>', 'TDX: 5 holds a report of TDX 1.5 (default: 4)')
        .choices(['4', '5'])
        .argParser((text) => parseChoice([4, 5], text)),
    )
    .addOption(new Option('--product <product>', 'AMD: the product line').choices(snpProducts))
    .addOption(new Option('--key <kind>', 'AMD: what signs the report').choices(['vcek', 'vlek']))
    .addOption(
      new Option('--vmpl <level>', 'AMD: the privilege level that asks for the report')
        .choices(['0', '1', '2', '3'])
        .argParser((text) => parseChoice([0, 1, 2, 3], text)),
    )
    .option('--json', 'print what was written as one JSON object')
    .addHelpText(
      'after',
      `
Files: quote.bin, collateral.json, root.pem of Intel; report.bin, ek.der, crl.der, cert_chain.pem of AMD; doc.cbor,
root.pem of AWS; evidence.json of Azure, with collateral.json, root.pem or crl.der, cert_chain.pem.

Examples:
  blindai simulator emit ./evidence --tcb-status OutOfDate
  blindai simulator emit ./evidence --tee tdx --quote-version 5
  blindai simulator emit ./evidence --tee snp --product Genoa --vmpl 1
  blindai simulator emit ./evidence --tee nitro --debug
  blindai simulator emit ./evidence --tee azure-snp`,
    )
    .action(async (dir: string, flags: EmitFlags) => {
      const { files } = await emitFiles(flags);
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

async function emitFiles(flags: EmitFlags): Promise<Emitted> {
  const { json: _, quoteVersion, ...options } = flags;
  const version = quoteVersion === undefined ? {} : { version: quoteVersion };
  const { emit } = await import('@blindai/simulator');
  try {
    return await emit({ at: new Date(), ...options, ...version });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`simulator emit: ${error.message}`);
    throw error;
  }
}

/** MRENCLAVE has 32 bytes, what stands for it elsewhere 48: which it must be, the TEE says. */
function parseMeasurement(text: string): Uint8Array {
  return parseHex(text.length === 64 ? 32 : 48)(text);
}

function parseChoice<Choice extends number>(choices: readonly Choice[], text: string): Choice {
  const found = choices.find((choice) => String(choice) === text);
  if (found === undefined)
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
  return found;
}
