// The tree of IDs: rows in the order of their codes, so that every branch is a range of them.

import { button, element } from "./dom.js";

/** Branches of a node, and items of an ID, that are shown at once. */
const BRANCHES = 48;
const NAMES = 60;

/** Shows the tree of `codes`, whose items are called `names`, in `element`. */
export class Tree {
  constructor(element, codes, names) {
    this.element = element;
    this.codes = codes;
    this.names = names;
    const { values, levels } = codes;
    this.order = Uint32Array.from({ length: codes.length }, (_, row) => row).sort((a, b) => {
      for (let l = 0; l < levels; l++) {
        const difference = values[a * levels + l] - values[b * levels + l];
        if (difference) return difference;
      }
      return a - b;
    });
    element.replaceChildren(this.branches(0, 0, codes.length));
  }

  code(place, level) {
    return this.codes.values[this.order[place] * this.codes.levels + level];
  }

  /** The ranges of the codes at `level` within a range, largest first. */
  parts(level, start, end) {
    const parts = [];
    for (let first = start; first < end;) {
      let last = first + 1;
      while (last < end && this.code(last, level) === this.code(first, level)) last++;
      parts.push({ code: this.code(first, level), start: first, end: last });
      first = last;
    }
    return parts.sort((a, b) => b.end - b.start - (a.end - a.start) || a.code - b.code);
  }

  /** The name of a row. */
  name(row) {
    return this.names ? this.names[row] : `row ${row}`;
  }

  /** Names of a range, those of the first rows first. */
  some(start, end, most) {
    const rows = this.order.slice(start, end).sort();
    return Array.from(rows.subarray(0, most), (row) => this.name(row));
  }

  branches(level, start, end) {
    const parts = this.parts(level, start, end);
    const most = parts[0].end - parts[0].start;
    const list = document.createDocumentFragment();
    const show = (from) => {
      for (const part of parts.slice(from, from + BRANCHES)) list.append(this.branch(level, part, most));
      if (parts.length > from + BRANCHES) {
        const more = button(`${parts.length - from - BRANCHES} more branches`, "more", () => {
          show(from + BRANCHES);
          more.replaceWith(list);
        });
        list.append(more);
      }
    };
    show(0);
    return list;
  }

  branch(level, { start, end }, most) {
    const count = end - start;
    const own = this.codes.row(this.order[start]).subarray(0, level + 1);
    const prefix = [...own].join("-") + (level + 1 < this.codes.levels ? "-*" : "");
    const details = document.createElement("details");
    details.dataset.prefix = [...own].join("-");
    const summary = document.createElement("summary");
    const bar = element("i");
    bar.style.width = `${(100 * count) / most}%`;
    const size = element("span", "size");
    size.append(bar, element("b", "", count.toLocaleString("en")));
    summary.append(
      element("span", "prefix", prefix),
      size,
      element("span", "some", this.some(start, end, 12).join(", ")),
    );
    details.append(summary);
    details.addEventListener("toggle", () => this.open(details, level, start, end), { once: true });
    details.fill = () => this.open(details, level, start, end);
    return details;
  }

  open(details, level, start, end) {
    if (details.dataset.filled) return;
    details.dataset.filled = "yes";
    details.append(level + 1 < this.codes.levels ? this.branches(level + 1, start, end) : this.leaves(start, end));
  }

  leaves(start, end) {
    const list = element("ul");
    const rows = this.order.slice(start, end).sort();
    const show = (from) => {
      for (const row of rows.subarray(from, from + NAMES)) {
        const item = element("li", "", this.name(row));
        item.dataset.row = row;
        list.append(item);
      }
      if (rows.length > from + NAMES) {
        const item = element("li");
        item.append(
          button(`${rows.length - from - NAMES} more`, "more", () => {
            item.remove();
            show(from + NAMES);
          }),
        );
        list.append(item);
      }
    };
    show(0);
    return list;
  }

  /** Rows whose name contains a text, or whose ID begins with it. */
  search(text, most) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return { total: 0, rows: [] };
    const isId = /^[\d-]+$/.test(wanted);
    const fits = (row) => {
      if (this.names?.[row].toLowerCase().includes(wanted)) return true;
      if (!isId) return false;
      const id = this.codes.id(row);
      return (
        id === wanted ||
        id.startsWith(wanted.endsWith("-") ? wanted : `${wanted}-`) ||
        (!this.names && String(row) === wanted)
      );
    };
    const rows = [];
    let total = 0;
    for (let row = 0; row < this.codes.length; row++) {
      if (!fits(row)) continue;
      total++;
      if (rows.length < most) rows.push(row);
    }
    // A whole name comes before names that only contain the text.
    rows.sort(
      (a, b) => (this.names?.[b].toLowerCase() === wanted) - (this.names?.[a].toLowerCase() === wanted) || a - b,
    );
    return { total, rows };
  }

  /** Other items whose IDs share the longest prefix with that of a row: the prefix, and their names. */
  alike(row, most) {
    const own = this.codes.row(row);
    for (let length = this.codes.levels; length > 0; length--) {
      const others = [];
      for (let other = 0; other < this.codes.length && others.length < most; other++) {
        if (
          other !== row &&
          own.subarray(0, length).every((code, l) => this.codes.values[other * this.codes.levels + l] === code)
        ) {
          others.push(this.name(other));
        }
      }
      if (others.length) return { prefix: [...own.subarray(0, length)].join("-"), others };
    }
    return null;
  }

  /** Opens all branches above a row, and marks it. */
  reveal(row) {
    this.element.querySelectorAll("mark").forEach((mark) => mark.replaceWith(mark.textContent));
    let within = this.element;
    for (let length = 1; length <= this.codes.levels; length++) {
      const prefix = [...this.codes.row(row).subarray(0, length)].join("-");
      let next;
      while (!(next = within.querySelector(`:scope > details[data-prefix="${prefix}"]`))) {
        const more = within.querySelector(":scope > .more");
        if (!more) return;
        more.click();
      }
      next.fill();
      next.open = true;
      within = next;
    }
    let item;
    while (!(item = within.querySelector(`li[data-row="${row}"]`))) {
      const more = within.querySelector(".more");
      if (!more) return;
      more.click();
    }
    const mark = element("mark", "", item.textContent);
    item.replaceChildren(mark);
    item.scrollIntoView({ block: "center" });
  }
}
