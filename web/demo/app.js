// The page: data and settings in, semantic IDs out. All work is done by semid.js, in a worker.

import { Semid } from "./semid.js";
import { $ } from "./dom.js";
import * as data from "./data.js";
import * as results from "./results.js";
import { device, findDevices, settings, suggest } from "./settings.js";
import * as theme from "./theme.js";
import * as verify from "./verify.js";
import * as work from "./work.js";

/** Rows that are searched for their neighbours, to measure recall. */
const QUERIES = 500;
const NEIGHBORS = 10;

async function run(signal) {
  const chosen = await data.chosen();
  const options = settings();
  const on = device();
  const start = performance.now();
  const model = await Semid.fit(chosen.file, { ...options, device: on, signal }, work.tell);
  const codes = await Semid.encode(model, chosen.file, { device: on, signal }, work.tell);
  const seconds = (performance.now() - start) / 1000;
  const evaluation = { device: "cpu", sample: QUERIES, k: Math.min(NEIGHBORS, chosen.rows - 1), signal };
  const quality = await Semid.evaluate(model, chosen.file, codes, evaluation, work.tell);
  const names = await data.names(signal);
  results.show({ model, codes, quality, options, seconds, device: on, names, data: chosen });
  verify.prepare();
}

theme.start();
work.start();
results.start();
verify.start();
data.start((isBundled) => {
  results.forget();
  suggest(isBundled);
});
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  work.busy(run);
});
findDevices().catch(work.complain);
