/** Semantic IDs from embeddings, with the same bits on every device. */

/** Rows in memory: `values` has `dim` numbers per row. */
export interface RowValues {
  values: Float32Array;
  dim: number;
}

/** A file of rows, of which only the parts that are needed are read: .npy, .parquet, .safetensors or .fvecs. */
export interface RowFile {
  file: Blob;
  /** Name of the file, whose extension says the format; a `File` has one. */
  name?: string;
  /** Column of a .parquet file that has the embeddings. */
  column?: string;
  /** Tensor of a .safetensors file that has the embeddings. */
  tensor?: string;
}

/** A `File` stands for `{ file }`. */
export type Rows = RowValues | RowFile | File;

/** `auto` is WebGPU on hardware where the browser has it, and the CPU elsewhere. The result is the same. */
export type DeviceName = "auto" | "cpu" | "webgpu" | "reference";

export interface DeviceInfo {
  name: DeviceName;
  description: string;
  /** Whether it is real hardware, and not an adapter emulated in software. */
  hardware: boolean;
}

export interface JobOptions {
  /** Ends the job. Its promise is then rejected with the signal's reason. */
  signal?: AbortSignal;
}

export interface DeviceOptions extends JobOptions {
  device?: DeviceName;
}

/** The parameters of a fit; those of the command line tool, with names as in JavaScript. */
export interface FitOptions extends DeviceOptions {
  /** Kind of the model: `rq-kmeans` (default), `rq-vae`, `rq-kmeans-plus`, `pq`, `rq+pq`. */
  kind?: string;
  levels?: number;
  /** Clusters of every level, or a number for each level. */
  clusters?: number | number[];
  seed?: number;
  maxIter?: number;
  tol?: number;
  nInit?: number;
  init?: "k-means++" | "hierarchical" | "random";
  metric?: "l2" | "cosine";
  normalizeResiduals?: boolean;
  balanced?: boolean;
  /** Number of rows to fit on. */
  sample?: number;
  [parameter: string]: unknown;
}

/** How far a job is. */
export interface Progress {
  /** What is done at the moment: `level`, `encode`, or a stage of an evaluation. */
  part: string;
  /** Number of the part, from 1, and of all parts. */
  number: number;
  parts: number;
  /** Steps of this part that are done, and how many there are at most. */
  step: string;
  done: number;
  most: number;
  /** How it goes, in words. */
  state: string;
}

export interface ModelInfo {
  kind: string;
  fingerprint: string;
  dim: number;
  clusters: number[];
  parameters: Record<string, unknown> | null;
  config: Record<string, unknown>;
}

/** Kinds of errors; the library has more, which concern what this interface does not do. */
export type ErrorKind =
  | "BadRows"
  | "Cancelled"
  | "Clusters"
  | "ClustersPerLevel"
  | "Code"
  | "CodeLevels"
  | "Damaged"
  | "Device"
  | "Dim"
  | "DimMismatch"
  | "Empty"
  | "Feature"
  | "Format"
  | "Internal"
  | "Io"
  | "Length"
  | "NewerFormat"
  | "NoAdapter"
  | "NotFinite"
  | "OutOfMemory"
  | "Parameter"
  | "Ragged"
  | "TooFewRows"
  | "UnknownDevice"
  | "UnknownKind"
  | (string & {});

export class SemidError extends Error {
  readonly kind: ErrorKind;
  /** Name of the file that the error is about. */
  readonly path?: string;
}

/** A fitted model; it does not change. */
export class Model {
  private constructor();
  /** Reads a model file of any kind, and checks all of it. */
  static fromBytes(bytes: Uint8Array | ArrayBuffer, options?: JobOptions): Promise<Model>;
  /** The bytes of the model file, which are those of the command line tool. */
  toBytes(): Uint8Array;
  readonly info: Readonly<ModelInfo>;
  /** SHA-256 of everything that influences an encode: equal fingerprints mean equal codes for every row. */
  readonly fingerprint: string;
  readonly kind: string;
  readonly dim: number;
  readonly clusters: number[];
  readonly levels: number;
  /** How the fit went; only after a fit. */
  readonly report?: { device: string; levels: { iterations: number; squaredError: number }[] };
  encode(rows: Rows, options?: DeviceOptions, onProgress?: (progress: Progress) => void): Promise<Codes>;
  decode(codes: Codes, options?: DeviceOptions): Promise<Float32Array>;
}

/** Codes of rows: `values` has `levels` numbers per row. */
export class Codes {
  constructor(values: Uint32Array, levels: number);
  readonly values: Uint32Array;
  readonly levels: number;
  readonly length: number;
  /** SHA-256 of the values, each as four bytes, the lowest first; only after an encode. */
  readonly sha256?: string;
  readonly device?: string;
  row(index: number): Uint32Array;
  /** The semantic ID of a row, such as `12-5-33`. */
  id(index: number, separator?: string): string;
  /** The bytes of `codes.npy`, which are those of the command line tool. */
  toNpy(): Uint8Array;
  /** The text of `ids.csv`, which is that of the command line tool. */
  toCsv(items?: string[], column?: string): string;
}

export interface Verified {
  /** Whether all devices that could work gave the same bits. */
  equal: boolean;
  results: {
    device: string;
    fingerprint?: string;
    codesSha256?: string;
    seconds?: number;
    /** Why the device could not take part. */
    error?: string;
  }[];
}

export const Semid: {
  devices(options?: JobOptions): Promise<DeviceInfo[]>;
  open(rows: Rows, options?: JobOptions): Promise<{ rows: number; dim: number; columns: string[] }>;
  texts(rows: Rows, column: string, options?: JobOptions): Promise<string[]>;
  fit(rows: Rows, options?: FitOptions, onProgress?: (progress: Progress) => void): Promise<Model>;
  encode(
    model: Model,
    rows: Rows,
    options?: DeviceOptions,
    onProgress?: (progress: Progress) => void,
  ): Promise<Codes>;
  decode(model: Model, codes: Codes, options?: DeviceOptions): Promise<Float32Array>;
  evaluate(
    model: Model,
    rows: Rows,
    codes: Codes,
    options?: DeviceOptions & { k?: number; sample?: number; pairs?: number; seed?: number; recallCurve?: number[] },
    onProgress?: (progress: Progress) => void,
  ): Promise<Record<string, unknown>>;
  report(
    model: Model,
    rows: Rows,
    codes: Codes,
    options?: DeviceOptions & { title?: string; names?: string[]; details?: [string, string][] },
    onProgress?: (progress: Progress) => void,
  ): Promise<string>;
  verify(
    rows: Rows,
    options?: FitOptions & { devices?: DeviceName[] },
    onProgress?: (progress: Progress & { device: string }) => void,
  ): Promise<Verified>;
  close(): void;
};
