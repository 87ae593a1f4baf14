// The worker: it runs the jobs of `connection.js` one after the other, so that the page stays alive.

import init, { begin, outcome, run } from "./semid_web.js";
import * as host from "./host.js";
import { XzReadableStream } from "./xz.js";

/** Bytes of memory above which a module that stops has probably run out of it. */
const MUCH = 3e9;

let exports = null;
let work = null;
let last = Promise.resolve();

onmessage = ({ data }) => {
  last = last.then(() => handle(data));
};

async function handle({ number, task, values, model, codes, names, file, module }) {
  try {
    if (!exports) await load(new URL(module));
    if (file) host.keep_file(number, file);
    host.listen((progress) => postMessage({ number, progress }));
    begin(JSON.stringify(task), values ?? [], model ?? [], codes ?? [], names ?? []);
    await work();
    postMessage({ number, result: outcome() });
  } catch (error) {
    postMessage({ number, error: described(error) });
  } finally {
    host.forget_file(number);
  }
}

// Fetches the module, unpacks and compiles it.
async function load(url) {
  const name = url.pathname.split("/").pop();
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${name} could not be loaded (status ${answer.status})`);
  const unpacked = new XzReadableStream(answer.body);
  const response = new Response(unpacked, { headers: { "content-type": "application/wasm" } });
  exports = await init({ module_or_path: response });
  // Only this one call may be suspended.
  work = host.can_suspend() ? WebAssembly.promising(exports.run) : run;
}

// Errors of the library are objects with a kind; anything else means that the module is no longer usable.
function described(error) {
  if (typeof error?.kind === "string") return error;
  if (exports?.memory.buffer.byteLength > MUCH) {
    return { kind: "OutOfMemory", message: "the memory of this page is used up", fatal: true };
  }
  return { kind: "Internal", message: host.panic || `the module stopped: ${error?.message ?? error}`, fatal: true };
}
