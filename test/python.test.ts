import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { blindai, commandFile, serve, type Serving } from './support/command.ts';
import { python, pythonAvailable, pythonProgram } from './support/python.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));
const readme = readFileSync(join(examples, 'python/README.md'), 'utf8');
/** A fenced block of the README that has a text in it. */
const blockWith = (language: string, text: string): string =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))]
    .map(([, block]) => block!)
    .find((block) => block.includes(text))!;

interface Patient {
  readonly measurements: readonly number[];
  readonly probability: number;
}
const patient = (
  JSON.parse(readFileSync(join(examples, 'breast-cancer/patients.json'), 'utf8')) as Patient[]
)[1]!;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-python-'));
  cpSync(join(examples, 'python/run_model.py'), join(folder, 'run_model.py'));
  cpSync(join(examples, 'breast-cancer/breast-cancer.onnx'), join(folder, 'breast-cancer.onnx'));
  writeFileSync(
    join(folder, 'patient.json'),
    JSON.stringify({ measurements: [patient.measurements] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What would lead requests elsewhere, or make it trust others. */
const misleading = {
  REQUESTS_CA_BUNDLE: '/nowhere',
  CURL_CA_BUNDLE: '/nowhere',
  SSL_CERT_FILE: '/nowhere',
  HTTPS_PROXY: 'http://127.0.0.1:1',
};

interface Outputs {
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
}

/** What a tensor should be after a way there and back: its bytes, and itself. */
function tensor(datatype: string, bytes: number, data: unknown[]): unknown[] {
  return [bytes, { name: 'x', datatype, shape: [1, 2], data }];
}

/** A key with a certificate for the name that every server has, signed by itself or by another. */
function certify(name: string, signer?: string): void {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  const signed = signer === undefined ? [] : ['-CA', `${signer}.pem`, '-CAkey', `${signer}.key`];
  const subject = ['-subj', '/CN=blindai-srv', '-addext', 'subjectAltName=DNS:blindai-srv'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      ...files,
      ...signed,
      ...subject,
    ],
    { cwd: folder, stdio: 'ignore' },
  );
}

/** Runs the script against a server with a certificate, and tells how many bytes of a request came. */
async function bytesSentTo(
  certificate: string,
  pinned: string,
  options: TlsOptions = {},
): Promise<{ received: number; status: number; stderr: string }> {
  let received = 0;
  const other = createServer(
    {
      key: readFileSync(join(folder, `${certificate}.key`)),
      cert: readFileSync(join(folder, `${certificate}.pem`)),
      ...options,
    },
    (socket) => {
      socket.on('data', (chunk) => {
        received += chunk.length;
        socket.destroy();
      });
      socket.on('error', () => {});
    },
  );
  other.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const result = await new Promise<{ status: number; stderr: string }>((resolve) => {
    execFile(
      pythonProgram,
      [
        'run_model.py',
        '127.0.0.1',
        '--attested-port',
        String(port),
        '--cert',
        `${pinned}.pem`,
        'run',
        'x',
        'patient.json',
      ],
      { cwd: folder, env: { ...process.env, ...misleading } },
      (error, _stdout, stderr) => resolve({ status: Number(error?.code ?? 0), stderr }),
    );
  });
  return { ...result, received };
}

describe.runIf(pythonAvailable('requests', 'cryptography'))('run_model.py', () => {
  let server: Serving;
  let portFlags: string;
  beforeAll(async () => {
    server = await serve();
    const { attestedPort, managementPort } = server.portOptions;
    portFlags = `--attested-port ${attestedPort} --management-port ${managementPort}`;
    const verified = await blindai(
      ['verify', 'localhost', '--simulation', '--write-cert', 'server.pem', ...server.ports],
      { cwd: folder },
    );
    expect(verified.status).toBe(0);
  });
  afterAll(() => server.stop());

  const run = (args: readonly string[], flags = portFlags) =>
    spawnSync(pythonProgram, ['run_model.py', 'localhost', ...flags.split(' '), ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...misleading },
    });

  test('does what the README says, whatever the environment says', () => {
    const commands = blockWith('sh', 'run_model.py')
      .replace(/^blindai serve .*$/m, '')
      .replaceAll(/^blindai /gm, `'${process.execPath}' '${commandFile}' `)
      .replaceAll(
        'python3 run_model.py localhost',
        `${pythonProgram} run_model.py localhost ${portFlags}`,
      );
    const { unattestedPort, attestedPort, managementPort } = server.portOptions;
    const printed = execFileSync('bash', ['-c', `set -euo pipefail\n${commands}`], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...misleading,
        BLINDAI_UNATTESTED_PORT: String(unattestedPort),
        BLINDAI_ATTESTED_PORT: String(attestedPort),
        BLINDAI_MANAGEMENT_PORT: String(managementPort),
      },
    });
    expect(printed).toContain('ACCEPTED');
    const { outputs } = JSON.parse(printed.trim().split('\n').at(-1)!) as Outputs;
    expect(outputs).toMatchObject([{ name: 'probability', datatype: 'FP32', shape: [1] }]);
    expect(outputs[0]!.data[0]).toBeCloseTo(patient.probability, 5);
  });

  test('is a module too, as the README says', () => {
    const { attestedPort, managementPort } = server.portOptions;
    const program = blockWith('python', 'import Server')
      .replace('.read_bytes())', `.read_bytes(), ${attestedPort}, ${managementPort})`)
      .replace('MEASUREMENTS', JSON.stringify(patient.measurements));
    const printed = execFileSync(pythonProgram, ['-c', program], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...misleading },
    });
    expect(printed).toBe(`P(malignant) = ${patient.probability.toFixed(4)}\n`);
  });

  test('uploads and deletes as an owner', async () => {
    const token = join(folder, 'owner-token');
    const flags = ['--cert', 'server.pem', '--owner-token-file', token];
    writeFileSync(token, `${'A'.repeat(43)}\n`, { mode: 0o600 });
    const uploaded = run([...flags, 'upload', 'breast-cancer.onnx']);
    expect(uploaded.stderr).toBe('');
    const id = uploaded.stdout.trim();
    const strangers = run(['--cert', 'server.pem', 'delete', id]);
    expect(strangers.status).toBe(1);
    expect(strangers.stderr).toContain('not-found: ');
    expect(run([...flags, 'delete', id])).toMatchObject({ status: 0, stderr: '' });
  });

  test.each<[string, string[], string]>([
    [
      'a model that is not there',
      ['run', 'b0000000-0000-4000-8000-000000000000', 'patient.json'],
      'not-found: ',
    ],
    ['a file that is no model', ['upload', 'patient.json'], 'model-refused: '],
    ['inputs that are not there', ['run', 'x', 'absent.json'], 'No such file'],
    ['inputs that are no JSON', ['run', 'x', 'breast-cancer.onnx'], 'run_model.py: '],
    ['another datatype', ['run', 'x', 'half.json'], 'a datatype must be one of FP32'],
    ['ragged lists', ['run', 'x', 'ragged.json'], 'the same length'],
    ['an integer out of range', ['run', 'x', 'range.json'], 'run_model.py: '],
  ])('says what is wrong with %s', (_what, args, reason) => {
    writeFileSync(join(folder, 'half.json'), '{"x": {"datatype": "FP16", "data": [1]}}');
    writeFileSync(join(folder, 'ragged.json'), '{"x": [[1, 2], [3]]}');
    writeFileSync(join(folder, 'range.json'), '{"x": {"datatype": "UINT8", "data": [256]}}');
    const { status, stderr, stdout } = run(['--cert', 'server.pem', ...args]);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('Traceback');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  describe('against another server', () => {
    beforeAll(() => {
      certify('pinned');
      certify('stranger');
      certify('signed', 'pinned');
    });

    test('with the pinned certificate the request is sent: the trap works', async () => {
      expect((await bytesSentTo('pinned', 'pinned')).received).toBeGreaterThan(100);
    });

    test.each<[string, string, TlsOptions, string]>([
      ['another certificate of the same name', 'stranger', {}, 'certificate verify failed'],
      ['a certificate that the pinned one signed', 'signed', {}, 'ingerprint'],
      ['TLS 1.2', 'pinned', { maxVersion: 'TLSv1.2' }, 'SSL'],
    ])('with %s nothing is sent', async (_what, certificate, options, reason) => {
      const { received, status, stderr } = await bytesSentTo(certificate, 'pinned', options);
      expect(stderr).toContain(reason);
      expect({ received, status }).toEqual({ received: 0, status: 1 });
    });
  });

  test('packs every datatype, and unpacks it again', () => {
    const script = `
import json
from run_model import DATATYPES, pack_tensor, unpack_tensor
back = {}
for datatype in DATATYPES:
    data = [[True, False]] if datatype == 'BOOL' else [[0, 1.5]] if datatype[0] == 'F' else [[0, 100]]
    tensor = pack_tensor('x', {'datatype': datatype, 'data': data})
    back[datatype] = [len(tensor['bytes_data']), unpack_tensor(tensor)]
print(json.dumps(back))`;
    const back = python(script, folder) as Record<string, unknown>;
    expect(back).toEqual({
      FP32: tensor('FP32', 8, [0, 1.5]),
      FP64: tensor('FP64', 16, [0, 1.5]),
      INT8: tensor('INT8', 2, [0, 100]),
      INT16: tensor('INT16', 4, [0, 100]),
      INT32: tensor('INT32', 8, [0, 100]),
      INT64: tensor('INT64', 16, [0, 100]),
      UINT8: tensor('UINT8', 2, [0, 100]),
      UINT16: tensor('UINT16', 4, [0, 100]),
      UINT32: tensor('UINT32', 8, [0, 100]),
      UINT64: tensor('UINT64', 16, [0, 100]),
      BOOL: tensor('BOOL', 2, [true, false]),
    });
  });

  test.runIf(pythonAvailable('cbor2'))('speaks CBOR as cbor2 does, and reads nothing else', () => {
    const script = `
import cbor2, json
from run_model import decode, encode
values = [None, True, False, 0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1, b'', b'x' * 300,
  'é' * 200, [], [1, [2, [None]]], {}, {'a': {'b': [b'c', 'd']}, 'e': list(range(70000))}]
for value in values:
    assert encode(value) == cbor2.dumps(value), value
    assert decode(encode(value)) == value, value
message = cbor2.dumps({'outputs': [{'info': {'fact': [1, 2], 'datum_type': 'F32', 'node_name': None}, 'bytes_data': b'12345678'}]})
others = [cbor2.dumps(value) for value in (1.5, -1, cbor2.CBORTag(1, 1), {1: 2}, cbor2.undefined)]
others += [bytes.fromhex(text) for text in ('9fff', '5f4161ff', 'a2616101616102', '1c', '62c328', '0000', '')]
refused = 0
for other in [message[:length] for length in range(len(message))] + others:
    try: decode(other)
    except ValueError: refused += 1
print(json.dumps([len(message) + len(others), refused]))`;
    const [tried, refused] = python(script, folder) as [number, number];
    expect(refused).toBe(tried);
  });
});
