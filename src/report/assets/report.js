"use strict";

// The page follows the system's theme until the reader chooses one; the browser remembers it if it may.
(() => {
  const root = document.documentElement, button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("semid-theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("semid-theme", theme); } catch { /* not remembered */ } };
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store(root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  button.hidden = false;
  show();
})();

// The tree of IDs is a map; readers click a cell to look inside.
(() => {
  const source = document.getElementById("tree-data");
  if (!source) return;
  const { levels, names, more, labels, words, root } = JSON.parse(source.textContent);
  const texts = names.concat(more);
  const map = document.getElementById("map"), path = document.getElementById("path");
  const said = document.getElementById("said"), find = document.getElementById("find");
  const MOST = 300; // how many cells are shown at a time
  const count = (n) => n.toLocaleString("en");
  const things = (n, name) => `${count(n)} ${name}${n === 1 ? "" : "s"}`;
  const items = (n) => things(n, "item");

  // A place in the tree has a prefix, the data of its node and, if there were too many cells, the nodes it stands for.
  const place = (node, codes, up, rest) => ({ node, codes, up, rest });
  const top = place(root, [], null, null);
  let here = top, found = null;

  const text = (at) => (at.rest ? "others" : at.codes.length ? at.codes.join("-") : "All items");
  const size = (at) => (at.rest ? at.rest.reduce((sum, node) => sum + node[1], 0) : at.node[1]);
  const collided = (at) => (at.rest ? at.rest.reduce((sum, node) => sum + node[2], 0) : at.node[2]);
  const whole = (at) => !at.rest && at.codes.length === levels;
  const heat = (at) => [0, 0.1, 0.25, 0.5].filter((end) => collided(at) / size(at) > end).length;
  const inside = (at) => (at.rest || (whole(at) ? [] : at.node[3] || []));

  function parts(at) {
    const nodes = inside(at).map((node) => place(node, [...at.codes, node[0]], at, null));
    if (nodes.length <= MOST) return nodes;
    const shown = nodes.slice(0, MOST - 1);
    return [...shown, place(at.node, at.codes, at, inside(at).slice(MOST - 1))];
  }

  // Returns the names of the items nearest to the centre of a place or, if these are not known, of its first items.
  const central = (at) => (at.rest ? undefined : at.node[5]);
  function examples(at, most) {
    if (central(at)) return central(at).slice(0, most).map((name) => texts[name]);
    const first = [];
    const visit = (node, depth) => {
      if (depth < levels) return (node[3] || []).forEach((child) => visit(child, depth + 1));
      for (const name of node[3] || []) {
        if (first.length === most && name > first[most - 1]) break;
        first.push(name);
        first.sort((a, b) => a - b);
        if (first.length > most) first.pop();
      }
    };
    if (at.rest) at.rest.forEach((node) => visit(node, at.codes.length + 1));
    else visit(at.node, at.codes.length);
    return first.map((name) => names[name]);
  }
  const label = (at) => (at.rest || whole(at) ? undefined : labels[at.node[4]]);
  const apart = (at) => (at.rest ? [] : (at.node[6] || []).map((word) => words[word]));

  // Returns squarified rectangles in per cent, for sizes that descend.
  function squarify(sizes, width, height) {
    const rects = [];
    let [x, y, w, h] = [0, 0, width, height], rest = sizes.reduce((a, b) => a + b, 0), start = 0;
    while (start < sizes.length) {
      const side = Math.min(w, h), scale = (w * h) / rest;
      let sum = 0, best = Infinity, end = start;
      for (; end < sizes.length; end += 1) {
        const area = (sum + sizes[end]) * scale;
        const ratio = (size) => (side * side * size * scale) / (area * area);
        const worst = Math.max(ratio(sizes[start]), 1 / ratio(sizes[end]));
        if (end > start && worst > best) break;
        [best, sum] = [worst, sum + sizes[end]];
      }
      const share = sum / rest, wide = w >= h;
      let before = 0;
      for (; start < end; start += 1) {
        const part = sizes[start] / sum;
        rects.push(wide ? [x, y + before * h, share * w, part * h] : [x + before * w, y, part * w, share * h]);
        before += part;
      }
      if (wide) { x += share * w; w -= share * w; } else { y += share * h; h -= share * h; }
      rest -= sum;
    }
    const across = (x) => (100 * x) / width, down = (y) => (100 * y) / height;
    return rects.map(([rx, ry, rw, rh]) => [across(rx), down(ry), across(rw), down(rh)]);
  }

  const element = (name, className, content) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  };

  function cell(at, [x, y, w, h]) {
    const made = element("button", `cell b-${heat(at)}`);
    made.type = "button";
    made.tabIndex = -1;
    Object.assign(made.style, { left: `${x}%`, top: `${y}%`, width: `${w}%`, height: `${h}%` });
    const shown = examples(at, 12), caption = label(at), said = apart(at);
    const shared = collided(at) ? `, ${count(collided(at))} share their ID` : "";
    const kind = central(at) ? "nearest to its centre: " : whole(at) ? "" : "for example ";
    const also = shown.length ? `; ${kind}${shown.slice(0, 3).join(", ")}` : "";
    const besides = `${caption ? `; mostly ${caption}` : ""}${said.length ? `; names with ${said.join(", ")}` : ""}`;
    made.setAttribute("aria-label", `${text(at)}: ${items(size(at))}${shared}${besides}${also}`);
    made.title = `${text(at)}: ${items(size(at))}${shared}`;
    // A cell has words only if they can be read.
    const name = at.rest ? `${count(at.rest.length)} others` : String(at.codes[at.codes.length - 1]);
    const fits = (w / 100) * map.clientWidth > 16 + 9 * Math.min(name.length, 4);
    const lines = fits ? Math.floor(((h / 100) * map.clientHeight - 6) / 16) : 0;
    const content = [element("b", "", name)];
    if (caption) content.push(element("span", "of", caption));
    if (said.length) content.push(element("span", "apart", said.join(" \u00b7 ")));
    content.push(...shown.map((name) => element("span", "", name)));
    made.append(...content.slice(0, Math.max(lines, 0)));
    made.addEventListener("click", () => go(at, true));
    return made;
  }

  function list(at) {
    const made = element("ul");
    made.tabIndex = 0;
    made.setAttribute("aria-label", `Items of ${text(at)}`);
    for (const name of at.node[3] || []) {
      const item = element("li");
      item.append(name === found ? element("mark", "", names[name]) : names[name]);
      made.append(item);
    }
    return made;
  }

  function draw() {
    const shown = parts(here);
    map.classList.toggle("list", whole(here));
    if (whole(here)) return map.replaceChildren(list(here));
    if (!shown.length) {
      return map.replaceChildren(element("p", "empty", "The names of these items are not on this page."));
    }
    const rects = squarify(shown.map(size), Math.max(map.clientWidth, 1), Math.max(map.clientHeight, 1));
    const cells = shown.map((at, i) => cell(at, rects[i]));
    cells[0].tabIndex = 0;
    map.replaceChildren(...cells);
  }

  function steps() {
    const all = [];
    for (let at = here; at; at = at.up) all.unshift(at);
    path.replaceChildren(...all.map((at) => {
      const item = element("li");
      const name = at === top ? "All items" : at.rest ? "others" : String(at.codes[at.codes.length - 1]);
      if (at === here) {
        item.append(element("span", "", name));
        item.firstChild.setAttribute("aria-current", "true");
      } else {
        item.append(element("button", "", name));
        item.firstChild.type = "button";
        item.firstChild.addEventListener("click", () => go(at, true));
      }
      return item;
    }));
  }

  function go(at, focus) {
    const from = here;
    here = at;
    if (!whole(at)) found = null;
    draw();
    steps();
    const shared = collided(at)
      ? `; ${count(collided(at))} of the items share their ID with another one`
      : ", all with different IDs";
    const groups = whole(at) || !inside(at).length ? "" : ` in ${things(inside(at).length, "cell")}`;
    const part = at.rest ? "Other cells" : `IDs that begin with ${text(at)}`;
    const name = at === top ? "All items" : whole(at) ? `ID ${text(at)}` : part;
    said.textContent = `${name}: ${items(size(at))}${groups}${shared}.`;
    if (!focus) return;
    // Going back puts the focus on the cell that was looked into, or on the one that stands for it.
    let into = from;
    while (into && into.up !== at) into = into.up;
    const leads = (part) => (part.rest ? into.rest || part.rest.includes(into.node) : part.node === into.node);
    const target = map.children[into ? Math.max(parts(at).findIndex(leads), 0) : 0];
    if (target) hold(target, map.querySelector("[tabindex='0']"));
  }

  function hold(target, before) {
    if (before && before.matches(".cell")) before.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  }

  // Returns the nearest cell in a direction.
  function beside(from, dx, dy) {
    const middle = (of) => {
      const at = of.getBoundingClientRect();
      return [at.left + at.width / 2, at.top + at.height / 2];
    };
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const other of map.querySelectorAll(".cell")) {
      const [ox, oy] = middle(other), ahead = (ox - x) * dx + (oy - y) * dy;
      const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (other !== from && ahead > 1 && ahead + 2 * aside < least) [best, least] = [other, ahead + 2 * aside];
    }
    return best;
  }

  map.addEventListener("keydown", (event) => {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const from = document.activeElement;
    if (event.key === "Escape" || event.key === "Backspace") {
      if (!here.up) return;
      go(here.up, true);
    } else if (from.matches(".cell") && (arrows[event.key] || ["Home", "End"].includes(event.key))) {
      const ends = { Home: map.firstChild, End: map.lastChild };
      const target = ends[event.key] || beside(from, ...arrows[event.key]);
      if (target) hold(target, from);
    } else return;
    event.preventDefault();
  });

  // Returns the place of the ID of the item with a name.
  function leaf(at, name) {
    if (whole(at)) return (at.node[3] || []).includes(name) ? at : null;
    for (const node of inside(at)) {
      const match = leaf(place(node, [...at.codes, node[0]], at, null), name);
      if (match) return match;
    }
    return null;
  }

  find.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = document.getElementById("find-text").value.trim().toLowerCase();
    if (!wanted) return;
    const tests = [(name) => name === wanted, (name) => name.startsWith(wanted), (name) => name.includes(wanted)];
    const lower = names.map((name) => name.toLowerCase());
    const match = tests.map((test) => lower.findIndex(test)).find((name) => name >= 0);
    if (match === undefined) {
      const all = names.length === root[1];
      said.textContent = all
        ? `No item is called ${wanted}.`
        : `${wanted} is not among the ${items(names.length)} listed on this page.`;
      return;
    }
    found = match;
    go(leaf(top, match), false);
    const others = here.node[1] === 1 ? "no other item" : `${items(here.node[1] - 1)} more`;
    said.textContent = `${names[match]} has the ID ${text(here)}, as ${others}.`;
  });

  map.classList.add("live");
  map.setAttribute("role", "group");
  map.setAttribute("aria-label", "Map of the tree of IDs");
  find.hidden = names.length === 0;
  go(top, false);
  let width = map.clientWidth;
  new ResizeObserver(() => {
    if (map.clientWidth === width) return;
    width = map.clientWidth;
    const held = [...map.children].indexOf(document.activeElement);
    draw();
    if (held >= 0 && map.children[held]) hold(map.children[held], map.querySelector("[tabindex='0']"));
  }).observe(map);
})();
