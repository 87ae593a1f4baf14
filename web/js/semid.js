// semid for browsers: semantic IDs from embeddings, with the same bits on every device.

import { Codes } from "./codes.js";
import { SemidError, end, submit } from "./connection.js";

export { Codes, SemidError };

/** Options that are not parameters of a fit. */
const SETTINGS = ["device", "signal"];

/** Refuses options that a call does not have, which would else have no effect. */
function check(call, options, names = []) {
  const unknown = Object.keys(options).find((name) => ![...SETTINGS, ...names].includes(name));
  if (unknown !== undefined) {
    const message = `${call} has no option ${unknown}; it has ${[...SETTINGS, ...names].join(", ")}`;
    throw new SemidError({ kind: "Parameter", message });
  }
}

/** A fitted model; it does not change. */
export class Model {
  #bytes;
  #info;

  constructor(bytes, info) {
    this.#bytes = bytes;
    this.#info = Object.freeze(info);
  }

  /** Reads a model file, and checks all of it. */
  static async fromBytes(bytes, { signal } = {}) {
    const copy = new Uint8Array(
      bytes instanceof ArrayBuffer
        ? bytes
        : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    return new Model(copy, await submit({ task: "info" }, { model: copy, signal }));
  }

  /** The bytes of the model file, as the command line tool writes it. */
  toBytes() {
    return this.#bytes.slice();
  }

  get info() {
    return this.#info;
  }

  get fingerprint() {
    return this.#info.fingerprint;
  }

  get kind() {
    return this.#info.kind;
  }

  get dim() {
    return this.#info.dim;
  }

  get clusters() {
    return this.#info.clusters;
  }

  get levels() {
    return this.#info.clusters.length;
  }

  encode(rows, options, onProgress) {
    return Semid.encode(this, rows, options, onProgress);
  }

  decode(codes, options) {
    return Semid.decode(this, codes, options);
  }

  /** For messages to the worker. */
  static bytesOf(model) {
    if (!(model instanceof Model)) throw new TypeError("a Model is needed");
    return model.#bytes;
  }
}

export const Semid = {
  /** Lists the devices that work can run on here. */
  devices(options = {}) {
    return submit({ task: "devices" }, options);
  },

  /** Tells the shape of rows, and the names of columns of text beside them. */
  open(rows, options = {}) {
    return submit({ task: "open" }, { ...options, rows });
  },

  /** Reads a column of texts, such as names of items, one for each row. */
  texts(rows, column, options = {}) {
    return submit({ task: "texts", column }, { ...options, rows });
  },

  /** Fits a model. */
  async fit(rows, options = {}, onProgress) {
    const parameters = { kind: "rq-kmeans", ...camelToSnake(options) };
    const { bytes, info, ...report } = await submit(
      { task: "fit", parameters, device: options.device ?? "auto" },
      { ...options, rows, onProgress },
    );
    const model = new Model(bytes, info);
    model.report = report;
    return model;
  },

  /** Encodes rows with a model. */
  async encode(model, rows, options = {}, onProgress) {
    check("encode", options);
    const task = { task: "encode", device: options.device ?? "auto" };
    const { values, levels, ...more } = await submit(task, {
      ...options,
      rows,
      model: Model.bytesOf(model),
      onProgress,
    });
    return new Codes(values, levels, more);
  },

  /** Decodes codes to rows. */
  async decode(model, codes, options = {}) {
    check("decode", options);
    const task = { task: "decode", levels: codes.levels, device: options.device ?? "auto" };
    return submit(task, { ...options, model: Model.bytesOf(model), codes: codes.values });
  },

  /** Measures whether the codes of rows are good. */
  evaluate(model, rows, codes, options = {}, onProgress) {
    const { device = "auto", signal, ...evaluation } = options;
    const task = { task: "evaluate", evaluation: camelToSnake(evaluation), device };
    return submit(task, { signal, rows, model: Model.bytesOf(model), codes: codes.values, onProgress });
  },

  /** Draws a report about the codes of rows, as one HTML file that loads nothing. */
  async report(model, rows, codes, options = {}, onProgress) {
    check("report", options, ["title", "details", "names"]);
    const { device = "auto", title = "Semantic IDs", details = [], names, signal } = options;
    const task = { task: "report", title, details, device };
    return submit(task, { signal, rows, model: Model.bytesOf(model), codes: codes.values, names, onProgress });
  },

  /** Fits and encodes the same rows on several devices, and compares the results bit for bit. */
  async verify(rows, options = {}, onProgress) {
    const names = options.devices ?? [...new Set((await Semid.devices(options)).map((device) => device.name))];
    const results = [];
    for (const device of names) {
      const tell = (progress) => onProgress?.({ device, ...progress });
      const start = performance.now();
      const { devices: _, ...rest } = options;
      try {
        const model = await Semid.fit(rows, { ...rest, device }, tell);
        const codes = await Semid.encode(model, rows, { device, signal: options.signal }, tell);
        const seconds = (performance.now() - start) / 1000;
        results.push({ device, fingerprint: model.fingerprint, codesSha256: codes.sha256, seconds });
      } catch (error) {
        if (!(error instanceof SemidError) || !["NoAdapter", "Device", "Internal"].includes(error.kind)) throw error;
        results.push({ device, error: error.message });
      }
    }
    const made = results.filter((result) => result.fingerprint);
    const same = (name) => made.every((result) => result[name] === made[0][name]);
    return { equal: made.length > 0 && same("fingerprint") && same("codesSha256"), results };
  },

  /** Ends the worker and frees its memory; the next job starts another one. */
  close() {
    end(new SemidError({ kind: "Cancelled", message: "the worker was closed" }));
  },
};

// Options of JavaScript as the library names them: `maxIter` is `max_iter`.
function camelToSnake(options) {
  const named = ([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value];
  return Object.fromEntries(
    Object.entries(options)
      .filter(([name, value]) => !SETTINGS.includes(name) && value !== undefined)
      .map(named),
  );
}
