import { datatypes, isDatatype, ProtocolError, type Datatype } from '@blindai/protocol';
import { FrameError, isRecord, type FrameHeader } from './framing.ts';
import {
  cageMechanisms,
  maxDetailLength,
  maxRefusalLength,
  refusalCodes,
  type CageStep,
  type RefusalCode,
  type RunnerLimits,
  type TensorHeader,
} from './messages.ts';
import type { ModelSignature, NamedTensorBytes, TensorSpec } from './signature.ts';

/*
 * A runner may be in the hands of the model it loaded, so what it says is foreign input. Each function here
 * takes a header and throws `FrameError` unless it is exactly what an honest runner would have sent.
 */

/** A dimension beyond this fits no tensor; the engine's own are 64 bits wide. */
const maxDimension = 2 ** 31 - 1;

/** @throws {FrameError} */
export function parseStarted(header: FrameHeader, payloadBytes: number): readonly CageStep[] {
  enforceMembers(header, ['kind', 'cage']);
  if (header.kind !== 'started') throw new FrameError('another kind than "started"');
  enforcePayload(payloadBytes, 0);
  const steps = parseArray(header['cage'], cageMechanisms.length).map(parseStep);
  if (new Set(steps.map(({ mechanism }) => mechanism)).size < steps.length) {
    throw new FrameError('a mechanism twice');
  }
  return steps;
}

/** @throws {FrameError} */
export function parseLoaded(
  header: FrameHeader,
  payloadBytes: number,
  limits: RunnerLimits,
): ModelSignature | ProtocolError {
  if (header.kind === 'refused') return parseRefused(header, payloadBytes, refusalCodes.load);
  if (header.kind !== 'loaded') throw new FrameError('another kind than "loaded"');
  enforceMembers(header, ['kind', 'inputs', 'outputs']);
  enforcePayload(payloadBytes, 0);
  return {
    inputs: parseSpecs(header['inputs'], limits),
    outputs: parseSpecs(header['outputs'], limits),
  };
}

/**
 * Judges the answer to a run against what the model declared when it was loaded: all outputs, in order, of
 * the declared datatypes, and exactly as many bytes as their shapes say. The shapes themselves may differ
 * from the declared ones, as they do for honest models whose file is careless; the engine only warns of it.
 *
 * @returns how to cut the payload into the outputs, or the refusal.
 * @throws {FrameError}
 */
export function parseRan(
  header: FrameHeader,
  payloadBytes: number,
  signature: ModelSignature,
  limits: RunnerLimits,
): readonly TensorHeader[] | ProtocolError {
  if (header.kind === 'refused') return parseRefused(header, payloadBytes, refusalCodes.run);
  if (header.kind !== 'ran') throw new FrameError('another kind than "ran"');
  enforceMembers(header, ['kind', 'tensors']);
  if (payloadBytes > limits.maxReplyBytes) throw new FrameError('more bytes than a reply may have');
  const tensors = parseArray(header['tensors'], limits.maxTensors).map((value, position) => {
    const tensor = parseTensor(value, limits);
    const spec = signature.outputs[position];
    if (tensor.name !== spec?.name) throw new FrameError('an output that is not the one due');
    if (tensor.datatype !== spec.datatype) throw new FrameError('an output of another datatype');
    return tensor;
  });
  if (tensors.length !== signature.outputs.length) throw new FrameError('too few outputs');
  enforcePayload(
    payloadBytes,
    tensors.reduce((sum, tensor) => sum + byteLengthOf(tensor), 0),
  );
  return tensors;
}

/** Cuts a payload into the tensors that its header announced: views, no copies. */
export function cutTensors(
  tensors: readonly TensorHeader[],
  payload: Uint8Array,
): NamedTensorBytes[] {
  let at = 0;
  return tensors.map((tensor) => {
    const bytes = payload.subarray(at, (at += byteLengthOf(tensor)));
    if (tensor.datatype === 'BOOL') normalize(bytes);
    return { ...tensor, bytes };
  });
}

/** To the engine every byte but 0 is true, and a constant of a model may hold any; on the wire it is 1. */
function normalize(booleans: Uint8Array): void {
  for (let index = 0; index < booleans.length; index++) {
    if (booleans[index]! > 1) booleans[index] = 1;
  }
}

/** How many bytes a tensor's elements take; the shape was judged before. */
export function byteLengthOf(tensor: TensorHeader): number {
  return tensor.shape.reduce((count, size) => count * size, datatypes[tensor.datatype].bytes);
}

function parseStep(value: unknown): CageStep {
  if (!isRecord(value)) throw new FrameError('a step of the cage that is no map');
  enforceMembers(value, ['mechanism', 'inForce', 'detail']);
  const mechanism = cageMechanisms.find((candidate) => candidate === value['mechanism']);
  if (mechanism === undefined) throw new FrameError('an unknown mechanism of the cage');
  const inForce = value['inForce'];
  if (typeof inForce !== 'boolean') throw new FrameError('a mechanism that is neither on nor off');
  return { mechanism, inForce, detail: parseLine(value['detail'], maxDetailLength) };
}

function parseLine(value: unknown, mostCharacters: number): string {
  if (typeof value !== 'string' || !/^[\x20-\x7e]+$/.test(value)) {
    throw new FrameError('what should be one line of text');
  }
  if (value.length > mostCharacters) throw new FrameError('a line that is too long');
  return value;
}

function parseRefused(
  header: FrameHeader,
  payloadBytes: number,
  codes: readonly RefusalCode[],
): ProtocolError {
  enforceMembers(header, ['kind', 'code', 'message']);
  enforcePayload(payloadBytes, 0);
  const code = codes.find((candidate) => candidate === header['code']);
  if (code === undefined) throw new FrameError('a refusal with another code');
  return new ProtocolError(code, parseLine(header['message'], maxRefusalLength));
}

function parseSpecs(value: unknown, limits: RunnerLimits): TensorSpec[] {
  const specs = parseArray(value, limits.maxTensors).map((spec) => {
    if (!isRecord(spec)) throw new FrameError('an input or output that is no map');
    enforceMembers(spec, ['name', 'datatype', 'shape']);
    return {
      name: parseName(spec['name'], limits),
      datatype: parseDatatype(spec['datatype']),
      shape: parseArray(spec['shape'], limits.maxRank).map((size) =>
        size === null
          ? null
          : typeof size === 'string'
            ? parseName(size, limits)
            : parseDimension(size),
      ),
    };
  });
  if (new Set(specs.map(({ name }) => name)).size < specs.length) {
    throw new FrameError('two inputs or outputs of one name');
  }
  return specs;
}

function parseTensor(value: unknown, limits: RunnerLimits): TensorHeader {
  if (!isRecord(value)) throw new FrameError('a tensor that is no map');
  enforceMembers(value, ['name', 'datatype', 'shape']);
  return {
    name: parseName(value['name'], limits),
    datatype: parseDatatype(value['datatype']),
    shape: parseArray(value['shape'], limits.maxRank).map(parseDimension),
  };
}

function parseName(value: unknown, limits: RunnerLimits): string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > limits.maxNameBytes) {
    throw new FrameError('a name that is no text, or too long');
  }
  return value;
}

function parseDatatype(value: unknown): Datatype {
  if (typeof value !== 'string' || !isDatatype(value)) throw new FrameError('no datatype');
  return value;
}

function parseDimension(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maxDimension) {
    throw new FrameError('no dimension');
  }
  return value;
}

function parseArray(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most)
    throw new FrameError('no list, or a longer one');
  return value;
}

function enforceMembers(map: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  if (Object.keys(map).length !== names.length || !names.every((name) => Object.hasOwn(map, name)))
    throw new FrameError('other members than those of its kind');
}

function enforcePayload(found: number, expected: number): void {
  if (found !== expected) throw new FrameError(`a payload of ${found} bytes, not ${expected}`);
}
