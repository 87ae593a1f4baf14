// What the WebAssembly module asks of the worker: to wait, to read files, and to tell how far it is.

/** Whether this browser can suspend WebAssembly (JavaScript Promise Integration), so that it can wait for the GPU. */
export const can_suspend = () =>
  typeof WebAssembly.Suspending === "function" &&
  typeof WebAssembly.promising === "function" &&
  !!self.navigator?.gpu;

let wake = null;
let woken = false;

// Lets the event loop run until `resume` is called; a call that came before counts too.
const wait = () =>
  new Promise((done) => {
    if (woken) {
      woken = false;
      done();
    } else {
      wake = done;
    }
  });

export const suspend = can_suspend() ? new WebAssembly.Suspending(wait) : () => {};

export function resume() {
  if (wake) {
    const done = wake;
    wake = null;
    done();
  } else {
    woken = true;
  }
}

const files = new Map();
let reader = null;

/** Remembers a file under a number, by which the module reads it. */
export function keep_file(number, file) {
  files.set(number, file);
}

export function forget_file(number) {
  files.delete(number);
}

// Reads a piece of a file, at once; only workers can.
export function read_file(number, offset, out) {
  try {
    reader ??= new FileReaderSync();
    const bytes = reader.readAsArrayBuffer(files.get(number).slice(offset, offset + out.length));
    if (bytes.byteLength !== out.length) return "the file has changed since it was chosen";
    out.set(new Uint8Array(bytes));
    return "";
  } catch (error) {
    return error.name === "NotReadableError" || error.name === "NotFoundError"
      ? "the browser can no longer read the file; choose it again"
      : String(error.message ?? error);
  }
}

let tell = () => {};
let told = 0;
let last = "";

/** Sets what hears of the progress of the next job. */
export function listen(listener) {
  tell = listener;
  told = 0;
  last = "";
}

// Tells how far a job is: every new part, and otherwise some ten times a second.
export function progress(part, number, parts, step, done, most, state) {
  const now = performance.now();
  const at = `${part} ${number} ${done === most}`;
  if (at === last && now - told < 80) return;
  told = now;
  last = at;
  tell({ part, number, parts, step, done, most, state });
}

/** Why the module stopped, if it did. */
export let panic = "";

export function panicked(message) {
  panic = message;
}
