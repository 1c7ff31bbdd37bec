/**
 * The whole job in one go: PixelHealth has a model that nobody may copy, Sacred Heart has patients whom nobody
 * may see, and a server runs the one on the others. `npm run quicktour` runs it; the exit code is 0 only if
 * everything was as it should be, the refusals included.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  AttestationError,
  type BlindAIClient,
  BlindAIError,
  type ConnectOptions,
  connect,
} from '@blindai/client/node';
import {
  expect,
  messageOf,
  paint,
  say,
  step,
  tellChecks,
  tellTable,
  tellVerdict,
} from './narration.ts';
import { figures, modelFile, type Patient, patients } from './patients.ts';
import {
  manifestOfThisBuild,
  type SimulatedServer,
  startSimulatedServer,
} from './simulated-server.ts';

async function tour(): Promise<void> {
  say(paint('bold', 'BlindAI: a model and a patient meet where nobody else can look'));
  await using server = await startServer();
  const manifest = await measureBuild(server);
  await using owner = await verifyAsModelOwner(server, manifest);
  const { modelId, ownerToken } = await upload(owner);
  await using hospital = await verifyAsHospital(server, manifest);
  await run(hospital, modelId);
  await showRefusals(server, manifest, hospital, modelId);
  await takeBack(owner, hospital, modelId, ownerToken);
  await stop(server);
}

async function startServer(): Promise<SimulatedServer> {
  return step('A server starts, with a simulated TEE', startSimulatedServer, (server) => {
    const { host, unattestedPort, attestedPort, managementPort } = server;
    say(`   on ${host}, ports ${unattestedPort}, ${attestedPort} and ${managementPort}`);
    say(
      `   ${paint('yellow', 'every check below is really made, but simulated hardware protects nothing')}`,
    );
  });
}

async function measureBuild(server: SimulatedServer): Promise<string> {
  const title = 'Anyone measures the same build: its manifest says what to accept';
  return step(title, manifestOfThisBuild, (manifest) => {
    say(`   mr_enclave ${server.measurement}`);
    expect(manifest.includes(server.measurement), 'the server runs the files of this checkout');
  });
}

async function verifyAsModelOwner(
  server: SimulatedServer,
  manifest: string,
): Promise<BlindAIClient> {
  return step('PixelHealth verifies the server', connecting(server, { manifest }), (owner) => {
    tellChecks(owner.report);
    tellVerdict(owner.report);
  });
}

async function upload(owner: BlindAIClient): Promise<{ modelId: string; ownerToken: string }> {
  const path = fileURLToPath(modelFile);
  const bytes = await readFile(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const uploading = () => owner.uploadModel(path, { name: 'breast-cancer' });
  return step('PixelHealth uploads its model', uploading, ({ modelId, modelHash }) => {
    say(`   breast-cancer.onnx, ${bytes.length} bytes, has the id ${modelId}`);
    expect(modelHash === sha256, `the server holds what was sent: sha256 ${sha256}`);
    expect(modelHash === figures.model.sha256, 'which is the hash in the model card');
  });
}

async function verifyAsHospital(server: SimulatedServer, manifest: string): Promise<BlindAIClient> {
  const title = 'Sacred Heart verifies the server, with a nonce of its own';
  return step(title, connecting(server, { manifest }), ({ report }) => tellVerdict(report));
}

async function run(hospital: BlindAIClient, modelId: string): Promise<void> {
  const title = `Sacred Heart runs the model on the ${patients.length} patients kept out of its training`;
  const running = () => hospital.runModel(modelId, { measurements: measurementsOf(patients) });
  await step(title, running, ({ outputs }) => {
    const found = Array.from(outputs[0]!.data as Float32Array);
    tellPatients(found);
    judge(found);
  });
}

/** The model's input, shape [batch, 30]. */
function measurementsOf(batch: readonly Patient[]): { data: Float32Array; shape: number[] } {
  const data = Float32Array.from(batch.flatMap(({ measurements }) => measurements));
  return { data, shape: [batch.length, 30] };
}

/** The first four patients of each diagnosis. */
function tellPatients(found: readonly number[]): void {
  const shown = (['malignant', 'benign'] as const).flatMap((diagnosis) =>
    patients.filter((each) => each.diagnosis === diagnosis).slice(0, 4),
  );
  tellTable([
    ['patient', 'P(malignant)', 'known diagnosis'],
    ...shown.map((each) => {
      const probability = found[patients.indexOf(each)]!;
      return [String(each.patient), probability.toFixed(4), each.diagnosis];
    }),
  ]);
}

/** Holds what came back against the figures that the training script wrote. */
function judge(found: readonly number[]): void {
  const wrong = (diagnosis: Patient['diagnosis']): number =>
    patients.filter(
      (each, i) => each.diagnosis === diagnosis && found[i]! >= 0.5 !== (diagnosis === 'malignant'),
    ).length;
  const missed = wrong('malignant');
  const alarmed = wrong('benign');
  expect(
    missed === figures.heldOut.malignantMissed && alarmed === figures.heldOut.benignAlarmed,
    `${patients.length - missed - alarmed} of ${patients.length} called as diagnosed, ${missed} malignant missed: as the model card says`,
  );
  const furthest = Math.max(...patients.map((each, i) => Math.abs(each.probability - found[i]!)));
  expect(furthest < 1e-6, 'every probability is that of the training script, to six digits');
}

async function showRefusals(
  server: SimulatedServer,
  manifest: string,
  hospital: BlindAIClient,
  modelId: string,
): Promise<void> {
  const otherManifest = manifest.replaceAll(server.measurement, flipFirstBit(server.measurement));
  const refusing = async () => ({
    otherCode: await reasonOf(connecting(server, { manifest: otherManifest })),
    realHardware: await reasonOf(connecting(server, { manifest, simulation: false })),
    deletion: await reasonOf(() => hospital.deleteModel(modelId)),
  });
  await step('What is refused', refusing, ({ otherCode, realHardware, deletion }) => {
    expectRefusal(
      otherCode,
      'measurement',
      'a client whose manifest names other code, before any data',
    );
    expectRefusal(
      realHardware,
      'trust-anchor',
      'a client that wants real hardware, before any data',
    );
    expectRefusal(deletion, 'not-found', "Sacred Heart deleting PixelHealth's model");
  });
}

async function takeBack(
  owner: BlindAIClient,
  hospital: BlindAIClient,
  modelId: string,
  ownerToken: string,
): Promise<void> {
  const deleting = async () => {
    await owner.deleteModel(modelId, { ownerToken });
    const measurements = measurementsOf(patients.slice(0, 1));
    return reasonOf(() => hospital.runModel(modelId, { measurements }));
  };
  await step('PixelHealth takes its model back, with the owner token', deleting, (reason) => {
    expectRefusal(reason, 'not-found', 'Sacred Heart running it once more');
  });
}

async function stop(server: SimulatedServer): Promise<void> {
  await step(
    'The server stops',
    () => server.stop(),
    (code) => expect(code === 0, `exit code ${code}`),
  );
}

function connecting(
  server: SimulatedServer,
  options: ConnectOptions,
): () => Promise<BlindAIClient> {
  const { host, unattestedPort, attestedPort, managementPort } = server;
  const ports = { unattestedPort, attestedPort, managementPort };
  return () => connect(host, { ...ports, simulation: true, ...options });
}

/** The measurement of somebody else's build. */
function flipFirstBit(hex: string): string {
  return (Number.parseInt(hex[0]!, 16) ^ 8).toString(16) + hex.slice(1);
}

/** Why this is refused: the check of the evidence or the code of the error, null if it is not refused. */
async function reasonOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    if (error instanceof BlindAIError) return error.code;
    throw error;
  }
}

function expectRefusal(reason: string | null, expected: string, what: string): void {
  expect(reason === expected, `refused by ${expected.padEnd(12)}  ${what}`);
}

// Leaving by `process.exit` also ends a server that is still running. A second signal must not come before it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]));

const started = performance.now();
try {
  await tour();
  say();
  say(
    paint(
      'green',
      `All as it should be, in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
    ),
  );
} catch (error) {
  process.stderr.write(`${paint('red', '✗')} ${messageOf(error)}\n`);
  process.exitCode = 1;
}
