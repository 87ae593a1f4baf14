// Small helpers for the parts of the page.

export const $ = (id) => document.getElementById(id);

export function element(name, className = "", text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function button(text, className, click) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", click);
  return made;
}

/** A row of a table; `name` is `td` or `th`. */
export function line(cells, name = "td") {
  const made = element("tr");
  made.append(...cells.map((cell) => (cell instanceof Node ? cell : element(name, "", cell))));
  return made;
}

export const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
export const time = (seconds) => (seconds < 10 ? `${seconds.toFixed(2)} s` : `${seconds.toFixed(0)} s`);

/** Hands a file to the visitor. */
export function save(name, part, type) {
  const url = URL.createObjectURL(new Blob([part], { type }));
  const link = element("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Makes a button copy a text to the clipboard. */
export function copies(button, text) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}
