// The protocol between page and engine, as types and a decoder. docs/PLAYGROUND.md says it in words; a test decodes the engine's
// replies with this file.

/** A number that may be unknown or not finite. */
export type Maybe = number | null;

// ---------------------------------------------------------------- requests

export type Request =
  | { do: 'hello' }
  | { do: 'open'; hash: string }
  | { do: 'set'; values: Record<string, SettingValue> }
  | { do: 'frame'; budget: number; train: boolean; updates?: number; want?: Wanted }
  | { do: 'step'; by: 'epoch' | 'batch' | 'example' | 'stage'; count?: number }
  | { do: 'rewind'; to: number }
  | { do: 'reset'; seed?: number | 'new' }
  | { do: 'edit'; layer: number; from: number; unit: number; value: number }
  | { do: 'inspect'; what: 'unit' | 'link' | 'layer' | 'example'; layer?: number; unit?: number; from?: number; at: Place }
  | { do: 'check'; rows?: number }
  | DataRequest
  | { do: 'runs'; action: 'list' | 'keep' | 'remove' | 'rename' | 'compare'; run?: number; other?: number; name?: string; size?: number }
  | { do: 'export'; as: ExportKind }
  | { do: 'share'; moment?: boolean };

/** The request of a scene's own command: its file says what it sends and what comes back. */
export interface SceneRequest { do: string; [field: string]: unknown }

export type ExportKind = 'model' | 'onnx' | 'c' | 'csharp' | 'python' | 'numpy' | 'dot' | 'history' | 'points';

/** Where a unit is looked at: a row of the data, or raw inputs. */
export type Place = { row: number } | { raw: number[] };

export type DataRequest =
  | { do: 'data'; from: 'csv'; text: string; name?: string; target?: string; columns?: string[]; delimiter?: string; header?: boolean }
  | { do: 'data'; from: 'columns'; target: string; columns: string[]; kind?: 'class' | 'number' }
  | { do: 'data'; from: 'points'; classes?: string[]; points: [number, number, number][] }
  | {
      do: 'data'; from: 'edit'; add?: [number, number, number][]; move?: [number, number, number][]; label?: [number, number][];
      remove?: number[];
    };

/** The parts of a frame; one left out costs nothing. Sizes in cells per side. */
export interface Wanted {
  units?: number;
  inputs?: number;
  output?: number;
  loss?: { timeline: number; since: number };
  parameters?: boolean;
  points?: boolean;
  predictions?: boolean;
  measures?: boolean;
  statistics?: boolean;
}

// ---------------------------------------------------------------- replies

export interface Refusal {
  where: string;
  expected: string;
  got: string;
  remedy: string;
  /** The whole sentence. */
  text: string;
}

export interface Message {
  level: 'info' | 'warning' | 'error';
  /** For a catalog of texts; `text` is the English one. */
  code: string;
  text: string;
  values: Record<string, string | number | null>;
}

export type SettingValue = string | number | boolean | string[];

/** One row of the one table: it makes the control, the default and the part of the address. */
export interface Property {
  name: string;
  /** In the address. */
  key: string;
  kind: 'choice' | 'number' | 'integer' | 'flag' | 'text' | 'list' | 'layers' | 'entry';
  /** Which catalog a `choice` with parameters ("adam(beta1=0.8)") is taken from, for kind `entry`. */
  catalog?: keyof Catalogs;
  group: 'data' | 'network' | 'training' | 'view';
  default: SettingValue;
  min?: number;
  max?: number;
  /** Values worth offering, for numbers; all values, for a choice. */
  choices?: (string | number)[];
  /** What a change does: nothing but the look; from the next update on; the network starts again; the data are made again. */
  restarts: 'nothing' | 'training' | 'network' | 'data';
  summary: string;
}

export interface Parameter {
  name: string;
  default: number;
  min: Maybe;
  max: Maybe;
  excludesMin: boolean;
  whole: boolean;
  summary: string;
}

export interface CatalogEntry {
  name: string;
  /** With every parameter: "leaky_relu(slope=0.01)". */
  form: string;
  formula: string;
  summary: string;
  source: string;
  parameters: Parameter[];
}

export interface Catalogs {
  activations: CatalogEntry[];
  losses: CatalogEntry[];
  optimizers: CatalogEntry[];
  schedules: CatalogEntry[];
  initializers: CatalogEntry[];
  stoppingRules: CatalogEntry[];
  augmentations: CatalogEntry[];
}

export interface DatasetEntry {
  name: string;
  summary: string;
  task: 'classes' | 'number';
  classes: number;
  inputs: number;
  /** Whether rows, noise and seed have a say. */
  made: boolean;
}

export interface Limits {
  requestBytes: number;
  csvBytes: number;
  columns: number;
  rows: number;
  points: number;
  layers: number;
  units: number;
  parameters: number;
  unitMap: number;
  outputMap: number;
}

export interface Hello extends Reply {
  protocol: 1;
  version: string;
  host: 'native' | 'browser';
  limits: Limits;
  catalogs: Catalogs;
  features: { name: string; formula: string }[];
  datasets: DatasetEntry[];
  properties: Property[];
  commands: string[];
  exports: ExportKind[];
  state: State;
}

export interface State {
  settings: Record<string, SettingValue>;
  hash: string;
  version: number;
  timeline: number;
  network: NetworkShape;
  data: DataShape;
  resolved: { output: string; loss: string; learningRate: number; scaling: string; batch: number };
  clock: Clock;
  messages: Message[];
}

export interface NetworkShape {
  inputs: string[];
  layers: { kind: string; units: number; activation: string; count: number; formula: string }[];
  parameters: number;
  formula: string;
  tensors: {
    name: string; layer: number; role: 'weight' | 'bias' | 'scale' | 'shift'; rows: number; columns: number; offset: number;
  }[];
}

export interface DataShape {
  name: string;
  title: string;
  columns: string[];
  classes: string[];
  target: string;
  rows: number;
  train: number;
  test: number;
  domain: [number, number, number, number];
  axes: [number, number];
  isPlane: boolean;
  isOwn: boolean;
  validation: number;
  /** What classes are coded as. */
  targetLow: number;
  targetHigh: number;
  /** Number = output · scale + shift. */
  targetShift: number;
  targetScale: number;
  rawInputs: string[];
}

export interface Clock {
  step: number;
  epoch: number;
  example: number;
  rows: number;
  batch: number;
  batches: number;
  learningRate: Maybe;
  oldest: number;
  newest: number;
  seek: number | null;
  stopped: { rule: string; text: string } | null;
  cursor: { example: number; of: number; row: number; stage: 'forward' | 'loss' | 'backward' | 'update' } | null;
  run: number;
}

export interface PartMeasures {
  rows: number;
  loss: Maybe;
  cost: Maybe;
  accuracy: Maybe;
  r2: Maybe;
  confusion: number[][] | null;
}

export interface Measures {
  step: number;
  train: PartMeasures;
  test: PartMeasures | null;
  penalty: Maybe;
  objective: Maybe;
}

export interface LayerStatistics {
  layer: number;
  gradientNorm: Maybe;
  gradientMean: Maybe;
  weightNorm: Maybe;
  biasNorm: Maybe;
  outputMean: Maybe;
  outputDeviation: Maybe;
  dead: number[];
  saturated: Maybe;
}

export interface Frame extends Reply {
  clock: Clock;
  timeline: number;
  version: number;
  speed: { updates: number; examples: number; ms: number };
  messages: Message[];
  loss?: { timeline: number; last: number; whole: boolean };
  measures?: Measures;
  statistics?: LayerStatistics[];
}

export interface UnitArithmetic extends Reply {
  layer: number;
  unit: number;
  terms: { from: number; name: string; weight: Maybe; input: Maybe; product: Maybe; gradient?: Maybe }[];
  sum: Maybe;
  bias: Maybe;
  field: Maybe;
  activation: string;
  formula: string;
  output: Maybe;
  slope: Maybe;
  /** The same output by the engine's vector kernels, in double. */
  map: Maybe;
  delta?: Maybe;
  /** With batch normalisation: between sum and field. */
  normalisation?: { mean: number; deviation: number; normalised: Maybe; scale: number; shift: number };
}

export interface GradientCheck extends Reply {
  parameters: number;
  checked: number;
  worst: Maybe;
  limit: number;
  passed: boolean;
  where: string;
  text: string;
}

export interface Run {
  id: number;
  name: string;
  kept: boolean;
  /** The run and update it branched from. */
  parent: number | null;
  from: number;
  hash: string;
  step: number;
  epoch: number;
  trainLoss: Maybe;
  testLoss: Maybe;
  accuracy: Maybe;
  parameters: number;
  why: string;
}

export interface Runs extends Reply {
  runs: Run[];
  present: number;
  differences?: { name: string; run: string; other: string }[];
  sameSeed?: boolean;
}

export type BlockType = 'u8' | 'i32' | 'f32' | 'f64';

export interface BlockInfo {
  type: BlockType;
  shape: number[];
  offset: number;
}

export interface Reply {
  id: number;
  ok: boolean;
  error?: Refusal;
  state?: State;
  blocks: Record<string, BlockInfo>;
}

export type BlockData = Uint8Array | Int32Array | Float32Array | Float64Array;

/** A decoded reply: its header, and its blocks as views of the message (nothing is copied). */
export interface Decoded<T extends Reply = Reply> {
  header: T;
  blocks: Record<string, BlockData>;
}

/** "DHF1", read as a little-endian number. */
export const MAGIC = 0x31464844;

const arrays = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;
const sizes = { u8: 1, i32: 4, f32: 4, f64: 8 } as const;
const text = new TextDecoder('utf-8', { fatal: true });

/** Reads a reply; throws where it is none. */
export function decode<T extends Reply = Reply>(message: ArrayBuffer): Decoded<T> {
  if (message.byteLength < 8) throw new Error(`Reply: expected at least 8 bytes, got ${message.byteLength}.`);
  const view = new DataView(message);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('Reply: expected one that begins with DHF1.');
  const start = 8 + view.getUint32(4, true);
  if (start > message.byteLength || start % 8 !== 0) throw new Error(`Reply: a header of ${start - 8} bytes does not fit.`);
  const header = JSON.parse(text.decode(new Uint8Array(message, 8, start - 8))) as T;
  const blocks: Record<string, BlockData> = {};
  for (const [name, block] of Object.entries(header.blocks)) {
    const length = block.shape.reduce((product, side) => product * side, 1);
    const at = start + block.offset;
    if (at + length * sizes[block.type] > message.byteLength) throw new Error(`Reply: block '${name}' ends after the message.`);
    blocks[name] = new arrays[block.type](message, at, length);
  }
  return { header, blocks };
}

/** The value a map's byte stands for; NaN where the engine's was not finite. */
export function mapValue(byte: number, scale: number): number {
  return byte === 0 ? NaN : ((byte - 128) / 127) * scale;
}
