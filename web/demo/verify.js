// Verify: the same fit on every device here, beside what the command line tool printed.

import { Semid } from "./semid.js";
import { $, copies, element, line, time } from "./dom.js";
import { made } from "./results.js";
import { GOLDEN, command, isDemo, usable } from "./settings.js";
import { busy, tell } from "./work.js";

const TITLES = { cli: "Command line", cpu: "CPU, here", webgpu: "WebGPU, here" };
const isFingerprint = (text) => /^[0-9a-f]{64}$/.test(text);
const printed = () => $("other").value.trim().toLowerCase();

/** Shows the part of the page for the last result. */
export function prepare() {
  $("command").textContent = command(made.data, made.options);
  $("compared").hidden = $("verdict").hidden = true;
  $("other").value = isDemo(made.data, made.options) ? GOLDEN : "";
  $("verify").hidden = false;
  note();
}

function note() {
  const other = printed();
  const words = () => {
    if (!other) return "";
    if (!isFingerprint(other)) return "A fingerprint has 64 digits, 0 to 9 and a to f.";
    if (other !== made.model.fingerprint) return "Not equal: other data, other settings, or another version.";
    const isKnown = other === GOLDEN && isDemo(made.data, made.options);
    return isKnown ? "Equal: this is what “semid demo” prints on every device." : "Equal.";
  };
  $("other-note").textContent = words();
}

function compare() {
  return busy(async (signal) => {
    const options = { ...made.options, devices: usable(), signal };
    const where = (progress) => tell(progress, ` on ${TITLES[progress.device]}`);
    const { results, equal } = await Semid.verify(made.data.file, options, where);
    const all = isFingerprint(printed()) ? [...results, { device: "cli", fingerprint: printed() }] : results;
    const same = (result) => result.fingerprint === made.model.fingerprint;
    $("compared").tBodies[0].replaceChildren(...all.map((result) => shown(result, same(result))));
    $("compared").hidden = false;
    const able = all.filter((result) => !result.error);
    judge(equal && able.every(same), able.length);
  });
}

function shown(result, same) {
  const finger = element("td");
  finger.append(result.error ?? element("code", "", result.fingerprint));
  const words = result.error ? "could not work" : same ? "equal" : "differs";
  const verdict = element("td", result.error ? "" : words, words);
  return line([TITLES[result.device], finger, result.seconds === undefined ? "" : time(result.seconds), verdict]);
}

function judge(agree, number) {
  const alone = "This device gives the same result again. There is nothing else here to compare it with.";
  const fault =
    "They differ. If the data and the settings are the same, this is a fault of semid, of a browser or of a driver: " +
    "please report it.";
  const words = agree ? (number > 1 ? `All ${number} fingerprints are equal.` : alone) : fault;
  $("verdict").textContent = words;
  $("verdict").className = `message ${agree ? "good" : "bad"}`;
  $("verdict").hidden = false;
}

export function start() {
  $("other").addEventListener("input", note);
  $("compare").addEventListener("click", compare);
  copies($("copy-command"), () => $("command").textContent);
}
