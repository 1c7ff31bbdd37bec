/** The versions of a set of operators that an engine knows. */
export interface Versions {
  readonly least: number;
  readonly most: number;
}

/** Of `ModelProto`: from 3 on a model says which operators it means; 13 is the engine's newest. */
export const irVersions: Versions = { least: 3, most: 13 };

/** How the standard's own domain is called; the empty text is the same. */
export const standardDomain = 'ai.onnx';

/**
 * The domains whose operators every model may use, and their versions in onnxruntime 1.30. The engine's other
 * domains are not for models: they hold what its optimizer makes for itself (`com.microsoft.nchwc`, whose
 * operators trust their inputs), what needs another library (`org.pytorch.aten`), training, and trials.
 */
export const operatorSets: ReadonlyMap<string, Versions> = new Map([
  [standardDomain, { least: 1, most: 26 }],
  ['ai.onnx.ml', { least: 1, most: 5 }],
  ['com.microsoft', { least: 1, most: 1 }],
]);

/**
 * Operators that have no business in a model, in whatever domain: they run a graph that another tool compiled
 * (`EPContext`, which names a file, and `Snpe`), or call another language's library.
 */
export const refusedOperators: ReadonlySet<string> = new Set([
  'EPContext',
  'Snpe',
  'ATen',
  'PythonOp',
  'PythonOpGrad',
]);

/** Attributes that name a file. */
export const refusedAttributes: ReadonlySet<string> = new Set([
  'ep_cache_context',
  'onnx_model_filename',
]);
