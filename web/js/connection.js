// The worker, and the jobs that it has to do, one after the other.

/** An error of the library. `kind` names it, such as `NotFinite` or `Format`. */
export class SemidError extends Error {
  constructor({ kind, message, path }) {
    super(message);
    this.name = "SemidError";
    this.kind = kind;
    if (path !== undefined) this.path = path;
  }
}

const MODULE = new URL("./semid_web_bg.wasm.xz", import.meta.url).href;

let worker = null;
let jobs = new Map();
let numbers = 0;

/** Hands a task to the worker; resolves to its result. */
export function submit(task, { rows, model, codes, names, signal, onProgress }) {
  return new Promise((done, failed) => {
    signal?.throwIfAborted();
    const number = ++numbers;
    const message = { number, task: { ...task }, model, codes, names, module: MODULE };
    if (rows) Object.assign(message, described(rows, message.task, number));
    const stop = () => abort(number, signal.reason);
    const free = () => signal?.removeEventListener("abort", stop);
    running().postMessage(message);
    signal?.addEventListener("abort", stop);
    jobs.set(number, { done, failed, onProgress, message, free });
  });
}

/** Ends the worker; all jobs that it still had fail with `error`. */
export function end(error) {
  worker?.terminate();
  worker = null;
  for (const number of [...jobs.keys()]) take(number).failed(error);
}

// The worker that runs now, or a new one.
function running() {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "semid" });
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = (event) => {
    event.preventDefault();
    const message = `the worker of semid could not be started: ${event.message ?? "its files did not load"}`;
    end(new SemidError({ kind: "Internal", message }));
  };
  return worker;
}

function hear({ number, progress, result, error }) {
  if (progress) {
    jobs.get(number)?.onProgress?.(progress);
    return;
  }
  const job = take(number);
  if (!error) {
    job?.done(result);
    return;
  }
  job?.failed(new SemidError(error));
  // Nothing of a module that has stopped, or whose GPU is gone, is used again.
  if (error.fatal || error.kind === "Device") replace();
}

// Takes a job off the list.
function take(number) {
  const job = jobs.get(number);
  jobs.delete(number);
  job?.free();
  return job;
}

// Ends one job. The worker cannot hear while it computes, so it is replaced.
function abort(number, reason) {
  take(number)?.failed(reason);
  replace();
}

// Ends the worker; another one begins the jobs that are left anew.
function replace() {
  worker?.terminate();
  worker = null;
  for (const { message } of jobs.values()) running().postMessage(message);
}

// Rows as the worker gets them: values with the number of their dimensions, or a file.
function described(rows, task, number) {
  const { column, tensor, file = rows, values, dim } = rows;
  if (file instanceof Blob) {
    task.rows = { file: { file: number, name: rows.name ?? file.name ?? "", size: file.size, column, tensor } };
    return { file };
  }
  if (!(values instanceof Float32Array) || !Number.isInteger(dim)) {
    throw new TypeError("rows are { values: Float32Array, dim } or a File");
  }
  task.rows = { values: { dim } };
  return { values };
}
