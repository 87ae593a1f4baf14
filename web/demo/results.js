// The results: a summary, the tree of IDs, files, and the report.

import { Semid } from "./semid.js";
import { $, button, copies, count, element, line, percent, save, time } from "./dom.js";
import { names } from "./data.js";
import { Tree } from "./tree.js";
import { busy, complain, tell } from "./work.js";

/** How many items a search shows, and how many items that are alike it names with each. */
const HITS = 8;
const ALIKE = 6;

/** The last result: the model, its codes, and what they were made of. */
export let made = null;
let tree = null;

export function forget() {
  made = null;
  $("results").hidden = $("verify").hidden = true;
}

export function show(result) {
  made = result;
  tiles();
  levels();
  $("fingerprint").textContent = made.model.fingerprint;
  plant();
  $("search").value = "";
  find();
  const results = $("results");
  results.hidden = false;
  results.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  results.focus({ preventScroll: true });
}

function tiles() {
  const { codes, quality, seconds, device } = made;
  const recall = quality.recall_at_k?.decoded.value;
  const all = [
    [quality.distinct_ids.toLocaleString("en"), `different IDs for ${count(codes.length, "item")}`],
    [percent(quality.collided_item_rate), "of the items share their ID with another"],
    recall === undefined ? null : [percent(recall), `of the ${quality.k} nearest items are found by their ID`],
    [time(seconds), `to fit and encode on the ${device === "cpu" ? "CPU" : "GPU"}`],
  ];
  const tile = ([value, label]) => {
    const box = element("div");
    box.append(element("dt", "", label), element("dd", "", value));
    return box;
  };
  $("tiles").replaceChildren(...all.filter(Boolean).map(tile));
}

function levels() {
  const head = element("thead");
  head.append(line(["Level", "Clusters", "Used", "Evenness", "Different prefixes", "Squared error"], "th"));
  const body = element("tbody");
  made.quality.levels.forEach((level, i) => {
    const error = made.model.report.levels[i]?.squaredError;
    const evenness = percent(level.perplexity / level.clusters, 0);
    const prefixes = level.prefixes.toLocaleString("en");
    body.append(line([i + 1, level.clusters, level.used_codes, evenness, prefixes, error?.toFixed(4) ?? ""]));
  });
  $("levels-table").replaceChildren(head, body);
}

function plant() {
  tree = new Tree($("tree"), made.codes, made.names);
}

function find() {
  const text = $("search").value;
  const { total, rows } = tree.search(text, HITS);
  const shown = total > rows.length ? `, the first ${rows.length} shown` : "";
  $("found").textContent = !text.trim() ? "" : total ? `${count(total, "item")} found${shown}` : "Nothing found.";
  $("hits").replaceChildren(...rows.map(hit));
}

function hit(row) {
  const item = element("li");
  const alike = tree.alike(row, ALIKE);
  const words = alike ? `under ${alike.prefix} with ${alike.others.join(", ")}` : "no other item has its first code";
  const name = element("span");
  name.append(element("b", "", tree.name(row)), " ", element("span", "id", made.codes.id(row)));
  item.append(
    name,
    button("Show", "small", () => tree.reveal(row)),
    element("small", "", words),
  );
  return item;
}

async function rename() {
  if (!made) return;
  try {
    made.names = await names();
    plant();
    find();
  } catch (error) {
    complain(error);
  }
}

function report() {
  return busy(async (signal) => {
    const { model, codes, data } = made;
    const details = [["Data", data.file.name]];
    const options = { device: "cpu", title: data.file.name, names: made.names ?? undefined, details, signal };
    made.report ??= await Semid.report(model, data.file, codes, options, tell);
    const url = URL.createObjectURL(new Blob([made.report], { type: "text/html" }));
    $("report-frame").src = url;
    $("report-dialog").showModal();
    $("report-dialog").addEventListener("close", () => URL.revokeObjectURL(url), { once: true });
  });
}

export function start() {
  $("search").addEventListener("input", find);
  $("names").addEventListener("change", rename);
  copies($("copy"), () => made.model.fingerprint);
  const binary = "application/octet-stream";
  $("save-model").addEventListener("click", () => save("model.safetensors", made.model.toBytes(), binary));
  $("save-codes").addEventListener("click", () => save("codes.npy", made.codes.toNpy(), binary));
  $("save-ids").addEventListener("click", () => {
    save("ids.csv", made.codes.toCsv(made.names, $("names").value), "text/csv");
  });
  $("report").addEventListener("click", report);
  $("close-report").addEventListener("click", () => $("report-dialog").close());
  $("save-report").addEventListener("click", () => save("report.html", made.report, "text/html"));
}
