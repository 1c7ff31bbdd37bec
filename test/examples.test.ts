import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Patient } from '../examples/quicktour/patients.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples/breast-cancer');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

interface Figures {
  readonly model: { readonly sha256: string; readonly bytes: number };
  readonly data: { readonly heldOut: number };
  readonly heldOut: Record<
    | 'accuracy'
    | 'areaUnderCurve'
    | 'malignantFound'
    | 'malignantMissed'
    | 'benignFound'
    | 'benignAlarmed',
    number
  >;
}

const patients = JSON.parse(read('patients.json')) as Patient[];
const figures = JSON.parse(read('figures.json')) as Figures;
const model = readFileSync(join(folder, 'breast-cancer.onnx'));

describe('the built-in model', () => {
  test('is the file that the model card and the figures name', () => {
    const sha256 = createHash('sha256').update(model).digest('hex');
    expect(figures.model).toMatchObject({ sha256, bytes: model.length });
    expect(read('README.md')).toContain(`\`${sha256}\``);
  });

  test('has the figures that the model card prints', () => {
    const cells = read('README.md')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const row = cells.findIndex((each) => each[1] === 'accuracy') + 2;
    const printed = cells[row]!.slice(1, -1).map(Number);
    expect(printed).toEqual(Object.values(figures.heldOut));
  });

  test('gives each held-out patient the probability found in Python, alone and in a batch', () => {
    expect(patients).toHaveLength(figures.data.heldOut);
    const script = `
      import ort from 'onnxruntime-node';
      import { readFileSync } from 'node:fs';
      const patients = JSON.parse(readFileSync('patients.json', 'utf8'));
      const session = await ort.InferenceSession.create('breast-cancer.onnx');
      const run = async (batch) => {
        const data = Float32Array.from(batch.flatMap((patient) => patient.measurements));
        const measurements = new ort.Tensor('float32', data, [batch.length, 30]);
        const { probability } = await session.run({ measurements });
        return { dims: probability.dims, data: [...probability.data] };
      };
      const alone = [];
      for (const patient of patients) alone.push((await run([patient])).data[0]);
      console.log(JSON.stringify({ alone, batch: await run(patients) }));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    });
    const { alone, batch } = JSON.parse(printed) as {
      alone: number[];
      batch: { dims: number[]; data: number[] };
    };
    expect(batch.dims).toEqual([patients.length]);
    for (const [index, { patient, probability }] of patients.entries()) {
      expect(Math.abs(alone[index]! - probability), `patient ${patient}`).toBeLessThan(1e-6);
      expect(Math.abs(batch.data[index]! - probability), `patient ${patient}`).toBeLessThan(1e-6);
    }
  });

  test('is as good on the held-out patients as its figures say', () => {
    const count = (diagnosis: Patient['diagnosis'], called: boolean) =>
      patients.filter((each) => each.diagnosis === diagnosis && each.probability >= 0.5 === called)
        .length;
    const malignantFound = count('malignant', true);
    const benignFound = count('benign', false);
    expect(figures.heldOut).toEqual({
      accuracy: Number(((malignantFound + benignFound) / patients.length).toFixed(4)),
      areaUnderCurve: Number(areaUnderCurve().toFixed(4)),
      malignantFound,
      malignantMissed: count('malignant', false),
      benignFound,
      benignAlarmed: count('benign', true),
    });
  });
});

const probabilities = (diagnosis: Patient['diagnosis']): number[] =>
  patients.filter((each) => each.diagnosis === diagnosis).map((each) => each.probability);

/** How often a malignant patient gets a higher probability than a benign one; a tie counts half. */
function areaUnderCurve(): number {
  const pairs = probabilities('malignant').flatMap((higher) =>
    probabilities('benign').map((lower) => (higher > lower ? 1 : higher < lower ? 0 : 0.5)),
  );
  return pairs.reduce<number>((sum, each) => sum + each, 0) / pairs.length;
}

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program as the leader of a process group of its own, and proves that the group is empty afterwards. */
async function runAlone(
  program: string,
  options: { interruptAfter?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void (isGroupAlive(child.pid!) && process.kill(-child.pid!, 'SIGKILL')));
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (options.interruptAfter !== undefined && out.includes(options.interruptAfter))
      child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  await expect.poll(() => isGroupAlive(child.pid!), { timeout: 30_000 }).toBe(false);
  return { code, out, err };
}

function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the quick tour', () => {
  const program = join(root, 'examples/dist/quicktour/quicktour.js');

  test('does the whole job and leaves nothing behind', async () => {
    const { code, out, err } = await runAlone(program);
    expect({ code, err: err.replace(/^.*simulat.*$/gim, '').trim() }).toEqual({ code: 0, err: '' });
    for (const check of [
      'layout',
      'certificate-chain',
      'quote-signature',
      'tcb-status',
      'debug',
      'measurement',
      'report-data',
      'keyset',
      'config',
    ])
      expect(out).toMatch(new RegExp(`^   [✓!] ${check} +\\S`, 'm'));
    expect(out).toContain('refused by measurement   a client whose manifest names other code');
    expect(out).toContain('refused by trust-anchor  a client that wants real hardware');
    expect(out).toContain('refused by not-found     Sacred Heart running it once more');
    expect(out).not.toContain('\u001b');
  });

  test('ends with 1 where a result is not the expected one, and leaves nothing behind', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'blindai-tour-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    cpSync(folder, join(copy, 'breast-cancer'), { recursive: true });
    cpSync(join(root, 'examples/dist/quicktour'), join(copy, 'dist/quicktour'), {
      recursive: true,
    });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{"type": "module"}');
    const other = { ...figures, heldOut: { ...figures.heldOut, malignantMissed: 4 } };
    writeFileSync(join(copy, 'breast-cancer/figures.json'), JSON.stringify(other));
    const { code, err } = await runAlone(join(copy, 'dist/quicktour/quicktour.js'));
    expect(code).toBe(1);
    expect(err).toContain(
      'it should be so, and is not, that 111 of 114 called as diagnosed, 3 malignant missed',
    );
  });

  test.each(['BlindAI: a model', '3. PixelHealth verifies'])(
    'leaves nothing behind when interrupted at "%s"',
    async (interruptAfter) => {
      const { code } = await runAlone(program, { interruptAfter });
      expect(code).toBe(130);
    },
  );
});
