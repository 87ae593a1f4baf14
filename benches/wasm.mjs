// Times fit and encode of the module for browsers on the CPU, in node: 3 levels of 256 clusters, 20 iterations.
//
//   node benches/wasm.mjs ROWS.npy [FOLDER]
//
// ROWS.npy has rows of f32; FOLDER is `web/dist`. Prints the fingerprint and processor seconds. The compiler of
// WebAssembly works during the first fit and is in its time, and the second fit finds everything compiled.
// `semid fit --device cpu --threads 1` does the same natively.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [rows, folder = "web/dist"] = process.argv.slice(2);

// What a worker has and node lacks.
globalThis.self = globalThis;

const { initSync, begin, outcome, run } = await import(pathToFileURL(`${folder}/semid_web.js`));
const { XzReadableStream } = await import(pathToFileURL(`${folder}/xz.js`));
const packed = new Blob([readFileSync(`${folder}/semid_web_bg.wasm.xz`)]);
initSync({ module: await new Response(new XzReadableStream(packed.stream())).arrayBuffer() });

/** The values of a file of numpy, and how many a row has. */
function npy(bytes) {
  const end = 10 + bytes.readUInt16LE(8);
  const head = bytes.toString("latin1", 10, end);
  const [, dim] = head.match(/'shape': \(\d+, (\d+)\)/);
  if (!head.includes("'<f4'") || head.includes("True")) throw new Error("the file has to have rows of f32");
  return { values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + end)), dim: Number(dim) };
}

/** Runs a task; returns its outcome and the processor seconds that it took. */
function timed(task, ...rest) {
  begin(JSON.stringify({ device: "cpu", ...task }), ...rest, [], []);
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return { seconds: (user + system) / 1e6, ...outcome() };
}

const { values, dim } = npy(readFileSync(rows));
const source = { values: { dim } };
const parameters = { kind: "rq-kmeans", levels: 3, clusters: 256, max_iter: 20 };
let fit;
for (let repeat = 0; repeat < 2; repeat++) {
  fit = timed({ task: "fit", rows: source, parameters }, values, []);
  console.log(`fit ${fit.seconds.toFixed(2)} s, fingerprint ${fit.info.fingerprint}`);
}
for (let repeat = 0; repeat < 5; repeat++) {
  const encode = timed({ task: "encode", rows: source }, values, fit.bytes);
  console.log(`encode ${encode.seconds.toFixed(3)} s, codes ${encode.sha256}`);
}
