// The data: that of the page, or a file of the visitor's, which only this page reads.

import { Semid } from "./semid.js";
import { $, count } from "./dom.js";
import { complain, isBusy } from "./work.js";

const BUNDLED = "top-packages.parquet";
/** Columns that probably have the names of the items. */
const NAMES = ["name", "title", "id", "item"];

/** The file, its shape, and the names by column; null without data. */
let data = null;
/** The visitor's last file. */
let own = null;
/** The last opening; others wait for it. */
let opening = Promise.resolve();
let changed = () => {};

/** The data, once it is open. */
export async function chosen() {
  await opening;
  if (!data) throw new Error("Choose data first.");
  return data;
}

/** Names of the items, or null where they have only row numbers. */
export async function names(signal) {
  const column = $("names").value;
  if (!column) return null;
  if (!data.texts.has(column)) data.texts.set(column, await Semid.texts(data.file, column, { signal }));
  return data.texts.get(column);
}

async function open(file, isBundled) {
  changed(isBundled);
  data = null;
  $("message").hidden = true;
  $("columns").hidden = true;
  $("shape").textContent = "Reading the file…";
  try {
    const shape = await Semid.open(file);
    data = { file, isBundled, texts: new Map(), ...shape };
    const size = file.size >= 1e6 ? `${(file.size / 1e6).toFixed(1)} MB` : `${Math.ceil(file.size / 1e3)} kB`;
    $("shape").textContent = `${file.name}: ${count(shape.rows, "row")} of ${count(shape.dim, "dimension")}, ${size}`;
    const options = shape.columns.map((column) => new Option(column, column));
    $("names").replaceChildren(new Option("row numbers", ""), ...options);
    $("names").value = NAMES.find((column) => shape.columns.includes(column)) ?? "";
    $("columns").hidden = shape.columns.length === 0;
  } catch (error) {
    $("shape").textContent = "";
    throw error;
  }
}

const next = (work) => (opening = opening.then(work).catch(complain));

function chooseBundled() {
  next(async () => {
    const answer = await fetch(BUNDLED);
    if (!answer.ok) throw new Error(`The data of the page could not be loaded (status ${answer.status}).`);
    await open(new File([await answer.blob()], BUNDLED), true);
  });
}

function chooseFile(file) {
  if (!file) return;
  own = file;
  document.querySelector('input[value="file"]').checked = true;
  $("file-name").textContent = file.name;
  next(() => open(file, false));
}

/** Begins with the data of the page; `onChange` hears of other data before it is opened. */
export function start(onChange) {
  changed = onChange;
  for (const source of document.querySelectorAll('input[name="source"]')) {
    source.addEventListener("change", () => {
      if (source.value === "bundled") chooseBundled();
      else if (own) chooseFile(own);
      else $("file").click();
    });
  }
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    chooseFile($("file").files[0]);
    // Otherwise choosing the same file once more would be no change.
    $("file").value = "";
  });
  // A file may be dropped anywhere.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? $("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    if (!isBusy()) chooseFile(event.dataTransfer.files[0]);
  });
  chooseBundled();
}
