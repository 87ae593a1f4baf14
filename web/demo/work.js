// Work in progress: its bar, its end, and the message where it fails.

import { $ } from "./dom.js";

const WORDS = { encode: "Encoding", level: "Fitting" };

let running = null;

/** Whether work is in progress. */
export const isBusy = () => running !== null;

/** Shows how far the work is; `where` says on which device, if there are several. */
export function tell(progress, where = "") {
  const within = progress.most ? Math.min(progress.done / progress.most, 1) : 0;
  $("bar").value = (progress.number - 1 + within) / progress.parts;
  const words = WORDS[progress.part] ?? "Measuring";
  const part = progress.part === "level" ? ` level ${progress.number} of ${progress.parts}` : "";
  $("state").textContent = `${words}${part}${where}${progress.state ? `: ${progress.state}` : ""}`;
}

/** Runs some work with its progress shown; other buttons wait until it is done. */
export async function busy(work) {
  if (running) return;
  running = new AbortController();
  const { signal } = running;
  const buttons = [...document.querySelectorAll("main button:not(#cancel)")];
  $("message").hidden = true;
  $("bar").removeAttribute("value");
  $("state").textContent = "Starting…";
  $("working").hidden = $("cancel").hidden = false;
  buttons.forEach((button) => (button.disabled = true));
  try {
    await work(signal);
  } catch (error) {
    if (signal.aborted) say("Cancelled. Nothing of it was kept.", "good");
    else complain(error);
  } finally {
    running = null;
    $("working").hidden = $("cancel").hidden = true;
    buttons.forEach((button) => (button.disabled = false));
  }
}

function say(text, kind) {
  const message = $("message");
  message.textContent = text;
  message.className = `message ${kind}`;
  message.hidden = false;
  message.scrollIntoView({ block: "nearest" });
}

const ADVICE = {
  Internal: "The work was stopped; the page can go on. If this was a file of yours, it may be damaged.",
  Device: "The GPU was given up. Try again, or choose the CPU.",
  OutOfMemory: "A page can use at most 4 GB. The command line tool can use all memory of this computer.",
};

/** Shows an error, and what can be done about it. */
export function complain(error) {
  say([error.message, ADVICE[error.kind]].filter(Boolean).join("\n"), "bad");
}

export function start() {
  $("cancel").addEventListener("click", () => running?.abort(new Error("cancelled")));
}
