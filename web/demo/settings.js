// How to fit: parameters, the device, and the command that does the same.

import { Semid } from "./semid.js";
import { $, count } from "./dom.js";

/** What `semid demo` fits, and the fingerprint that it prints on every device. */
const DEMO = { levels: 3, clusters: [64, 32, 16], nInit: 8, seed: 42, metric: "l2" };
export const GOLDEN = "15fbedeb39ad85ae82d416d69232ea12eec9d9f8a3dbcb9f59bc910c90411a8b";

/** Sets the parameters to begin with. */
export function suggest(isBundled) {
  $("levels").value = 3;
  $("clusters").value = isBundled ? DEMO.clusters.join(",") : 256;
  $("restarts").value = isBundled ? DEMO.nInit : 1;
  $("seed").value = DEMO.seed;
  $("metric").value = DEMO.metric;
}

function whole(id, least, what) {
  const number = Number($(id).value);
  if ($(id).value.trim() && Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`${what}: give a whole number from ${least} on.`);
}

/** The chosen parameters. */
export function settings() {
  const levels = whole("levels", 1, "Levels");
  const list = $("clusters")
    .value.split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  if (!list.length || !list.every((clusters) => Number.isSafeInteger(clusters) && clusters > 0)) {
    throw new Error("Clusters: give a number, such as 256, or one for each level, such as 64,32,16.");
  }
  if (list.length > 1 && list.length !== levels) {
    const given = `there are ${count(levels, "level")} and ${count(list.length, "number")}`;
    throw new Error(`Clusters: ${given}. Give one number, or one for each level.`);
  }
  return {
    levels,
    clusters: list.length > 1 ? list : list[0],
    nInit: whole("restarts", 1, "Restarts"),
    seed: whole("seed", 0, "Seed"),
    metric: $("metric").value,
  };
}

const choice = (name) => document.querySelector(`input[name="device"][value="${name}"]`);

export const device = () => document.querySelector('input[name="device"]:checked').value;

/** The devices that can be chosen, GPU first. */
export const usable = () => ["webgpu", "cpu"].filter((name) => !choice(name).disabled);

export const isDemo = (data, options) => data.isBundled && JSON.stringify(options) === JSON.stringify(DEMO);

/** The command that gives the same model. */
export function command(data, options) {
  if (isDemo(data, options)) return "semid demo";
  const plain = /^[\w.,@%+-]+$/.test(data.file.name);
  const name = plain ? data.file.name : `'${data.file.name.replaceAll("'", "'\\''")}'`;
  const parts = ["semid fit --input", name, "--levels", options.levels, "--clusters", options.clusters];
  if (options.nInit !== 1) parts.push("--n-init", options.nInit);
  if (options.seed !== DEMO.seed) parts.push("--seed", options.seed);
  if (options.metric !== DEMO.metric) parts.push("--metric", options.metric);
  return [...parts, "--output model.safetensors"].join(" ");
}

/** Looks for WebGPU, and says in words why there is none. */
export async function findDevices() {
  const devices = await Semid.devices();
  const gpu = devices.find((device) => device.name === "webgpu");
  if (gpu) {
    choice("webgpu").disabled = false;
    choice("webgpu").checked = gpu.hardware;
    $("device-note").textContent = gpu.hardware
      ? `WebGPU works here: ${gpu.description}.`
      : `WebGPU works here, but in software: ${gpu.description}. It is slower than the CPU.`;
    return;
  }
  $("device-note").textContent = `${missing()} The CPU gives the same IDs.`;
}

function missing() {
  if (!navigator.gpu) return `This browser offers no WebGPU${isSecureContext ? "" : " to pages without https"}.`;
  if (typeof WebAssembly.Suspending !== "function") {
    return "This browser has WebGPU, but WebAssembly cannot wait for it. Chrome and Edge can, from version 137 on.";
  }
  return "This browser has WebGPU, but offers no GPU to this page.";
}
