"""The report in a real browser: no errors, no requests, and every control works, by mouse and by keyboard.

    python tests/browser/report.py SEMID [FOLDER FOR SCREENSHOTS]

Needs playwright and Chromium: that of playwright, or the one that CHROMIUM names.
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

from playwright.sync_api import expect, sync_playwright

HOSTILE = [
    "</script><script>window.broken=1</script>",
    "<img src=x onerror=window.broken=2>",
    '"><svg onload=window.broken=3>',
    "<!--<script>",
    "a & b &lt; c",
    "\u202eright to left",
    "x" * 300,
]


def npy(path, rows):
    """Writes float32 rows without numpy."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    values = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values)


def make(semid, folder, rows=600):
    """Reports on made-up items: on a model, on one with many cells, on one with many levels, and on items all alone."""
    values = [[(i * 7919 % 97) / 7 + d * (i % 12) for d in range(6)] for i in range(rows)]
    npy(folder / "x.npy", values)
    names = HOSTILE + [f"item {i}" for i in range(rows - len(HOSTILE))]
    (folder / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / "labels.txt").write_text("\n".join(f"<b>group {i % 12}</b>" for i in range(rows)) + "\n")

    def run(command):
        subprocess.run([semid, *command.split(), "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("fit --input x.npy --clusters 12,6 --output m.safetensors --device cpu")
    sweep = "sweep --input x.npy --levels 1,2,3 --clusters 2,3,4,5,6,8,12 --balanced both --k 0"
    run(f"{sweep} --output sweep.jsonl --device cpu")
    run(
        "report --model m.safetensors --input x.npy --items names.txt --labels labels.txt --sweep sweep.jsonl "
        "--output report.html --svg figures --device cpu"
    )
    # The IDs of a registry instead of a model, beside those of an earlier model.
    run("assign --db ids.db --model m.safetensors --input x.npy --items names.txt --output ids.csv --device cpu")
    run("fit --input x.npy --clusters 12,6 --seed 7 --output other.safetensors --device cpu")
    run("assign --db other.db --model other.safetensors --input x.npy --items names.txt --output other.csv "
        "--device cpu")
    pairs = "".join(f"item {i},item {(i * 5 + 12) % 500}\n" for i in range(400))
    (folder / "pairs.csv").write_text(f"a,b\n{pairs}")
    run("report --ids ids.csv --against other.csv --input x.npy --items names.txt --interactions pairs.csv "
        "--output ids.html --device cpu")
    # Four groups, which say in their names what they are.
    colours = ["red", "green", "blue", "yellow"]
    npy(folder / "colours.npy", [[float(50 * (i % 4 == d)) + i * 7 % 11 / 9 for d in range(4)] for i in range(80)])
    (folder / "colours.txt").write_text("\n".join(f"a {colours[i % 4]} thing, {i}" for i in range(80)) + "\n")
    run("fit --input colours.npy --clusters 4,2 --output colours.safetensors --device cpu")
    run("report --model colours.safetensors --input colours.npy --items colours.txt --k 0 --output colours.html "
        "--device cpu")
    npy(folder / "few.npy", values[:5])
    run("fit --input few.npy --clusters 5 --output few.safetensors --device cpu")
    run("report --model few.safetensors --input few.npy --output few.html --device cpu")
    # More cells than a map shows at a time, and more levels than a chart has lines.
    npy(folder / "cells.npy", [[float(i * i)] for i in range(rows)])
    run("fit --input cells.npy --clusters 512,2 --output cells.safetensors --device cpu")
    run("report --model cells.safetensors --input cells.npy --items names.txt --k 0 --output cells.html --device cpu")
    run("fit --input x.npy --levels 24 --clusters 3 --output deep.safetensors --device cpu")
    run("report --model deep.safetensors --input x.npy --k 0 --output deep.html --device cpu")
    return names, values


def make_many(semid, folder, rows=12000):
    """A report on more names than a page has room for."""
    npy(folder / "many.npy", [[float(i % 5), float(i * i % 7)] for i in range(rows)])
    names = [f"thing {i} " + "\U0001f600" * 80 for i in range(rows)]
    (folder / "many.txt").write_text("\n".join(names) + "\n", encoding="utf-8")

    def run(command):
        subprocess.run([semid, *command.split(), "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("fit --input many.npy --levels 2 --clusters 8 --output many.safetensors --device cpu")
    run("report --model many.safetensors --input many.npy --items many.txt --k 0 --output many.html --device cpu")
    return [name[:79] + "\u2026" for name in names]


class Page:
    """A page that has to stay without errors and without requests."""

    def __init__(self, browser, path, width, height, scheme):
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.resolve().as_uri())
        self.page.wait_for_timeout(250)

    def finish(self):
        assert self.errors == [], self.errors
        assert len(self.requests) == 1, self.requests
        assert self.page.evaluate("window.broken") is None, "a name became code"
        self.fits()
        self.context.close()

    def fits(self):
        wide, inner = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= inner, f"the page is {wide} wide on a screen of {inner}"


def themes(page):
    colour = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = colour()
    button = page.locator("#theme")
    expect(button).to_have_text("Dark theme")
    button.click()
    expect(button).to_have_text("Light theme")
    assert colour() != light
    page.reload()
    expect(button).to_have_text("Light theme")
    button.click()
    assert colour() == light


def figures(page, fewest=7):
    count = page.locator("figure").count()
    assert count >= fewest, count
    for figure in page.locator("figure > svg, #map > svg").all():
        name, text = (figure.get_attribute(f"aria-{what}") for what in ("labelledby", "describedby"))
        assert page.locator(f"#{name}").text_content() and page.locator(f"#{text}").text_content()
        assert figure.get_attribute("role") == "img"
    for details in page.locator("figure details").all():
        table = details.locator("table")
        expect(table).to_be_hidden()
        details.locator("summary").click()
        expect(table).to_be_visible()
        assert details.locator("tbody tr").count() > 0
        details.locator("summary").press("Enter")
        expect(table).to_be_hidden()
    # No words of a figure lie on each other or outside of it.
    wrong = page.evaluate(
        """() => [...document.querySelectorAll('figure > svg')].flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll('text')];
          const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
          const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
          const outside = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
            || box.bottom > frame.bottom + 1);
          const pairs = boxes.flatMap(([text, a], i) => boxes.slice(0, i).filter(([, b]) => meet(a, b))
            .map(([other]) => `${text} / ${other}`));
          return [...outside.map(([text]) => `outside: ${text}`), ...pairs];
        })"""
    )
    assert wrong == [], wrong


def by_mouse(page, names):
    cells, path, said = page.locator(".cell"), page.locator("#path li"), page.locator("#said")
    expect(path).to_have_text(["All items"])
    total = cells.count()
    assert total == 12, total
    cells.first.click()
    expect(path).to_have_count(2)
    expect(said).to_contain_text("IDs that begin with")
    cells.first.click()
    expect(path).to_have_count(3)
    expect(said).to_contain_text("ID ")
    assert page.locator("#map li").count() > 0
    path.nth(0).locator("button").click()
    expect(cells).to_have_count(total)
    for name in [names[0], "item 17"]:
        page.locator("#find-text").fill(name)
        page.locator("#find button").click()
        expect(page.locator("#map mark")).to_have_text(name)
    page.locator("#find-text").fill("no such thing")
    page.locator("#find-text").press("Enter")
    expect(said).to_contain_text("No item is called")
    path.nth(0).locator("button").click()


def left_out(page, names):
    """Items whose names had no room are said to be missing from the page, not to be unknown."""
    tree = json.loads(page.locator("#tree-data").text_content())
    listed, said = tree["names"], page.locator("#said")
    assert 0 < len(listed) < len(names), len(listed)
    missing = next(name for name in names if name not in set(listed))
    for wanted in [missing, "no such thing"]:
        page.locator("#find-text").fill(wanted)
        page.locator("#find button").click()
        expect(said).to_have_text(f"{wanted} is not among the {len(listed):,} items listed on this page.")
    page.locator("#find-text").fill(listed[0])
    page.locator("#find button").click()
    expect(page.locator("#map mark")).to_have_text(listed[0])
    page.locator("#path button").first.click()
    empty = next(i for i, node in enumerate(tree["root"][3]) if len(node) < 4 or not node[3])
    page.locator(".cell").nth(empty).click()
    expect(page.locator("#map")).to_have_text("The names of these items are not on this page.")


def central(page, values):
    """Cells are named by the items nearest to the mean of their rows, and by words that the names of others lack."""
    tree = json.loads(page.locator("#tree-data").text_content())
    values = [[struct.unpack("<f", struct.pack("<f", x))[0] for x in row] for row in values]

    def rows(node, depth):
        return node[3] if depth == tree["levels"] else [row for child in node[3] for row in rows(child, depth + 1)]

    def add(columns):
        total = 0.0
        for x in columns:
            total += x
        return total

    firsts = 0
    for i, node in enumerate(tree["root"][3]):
        members = sorted(rows(node, 1))
        assert len(members) == node[1] > 2, node[:3]
        mean = [add(values[row][d] for row in members) / len(members) for d in range(len(values[0]))]
        away = {row: add((x - c) * (x - c) for x, c in zip(values[row], mean)) for row in members}
        nearest = sorted(members, key=lambda row: (away[row], row))[: len(node[5])]
        assert node[5] == nearest, (node[0], node[5], nearest)
        firsts += nearest == members[: len(nearest)]
        cell = page.locator(".cell").nth(i)
        assert f"nearest to its centre: {tree['names'][nearest[0]]}" in cell.get_attribute("aria-label")
        shown = cell.locator("span:not(.of):not(.apart)").all_text_contents()
        assert shown == [tree["names"][row] for row in nearest[: len(shown)]], shown
    assert firsts < 3, "most cells are named by their first rows"


def words(page):
    """Words stand in the cells whose names they set apart."""
    apart = page.locator(".cell .apart").all_text_contents()
    assert len(apart) == 4 and all(" \u00b7 " not in text for text in apart), apart
    assert sorted(apart) == ["blue", "green", "red", "yellow"], apart


def by_keyboard(page):
    focus = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")
    first = page.locator(".cell[tabindex='0']")
    expect(first).to_have_count(1)
    first.focus()
    page.keyboard.press("Home")
    start = focus()
    assert "items" in start
    page.keyboard.press("ArrowRight")
    right = focus()
    assert right != start
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    last = focus()
    page.keyboard.press("Home")
    assert last != focus() == start
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#path li")).to_have_count(2)
    assert focus() != right
    page.keyboard.press("Escape")
    expect(page.locator("#path li")).to_have_count(1)
    assert focus() == right, "going back returns to the cell that was looked into"
    page.keyboard.press("Escape")
    expect(page.locator("#path li")).to_have_count(1)


def others(page):
    """The cell that stands for many is gone back to like any other."""
    focus = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.locator(".cell").first.focus()
    page.keyboard.press("End")
    standing = focus()
    assert standing.startswith("others: "), standing
    page.keyboard.press("Enter")
    expect(page.locator("#path li")).to_have_text(["All items", "others"])
    page.keyboard.press("ArrowRight")
    inner = focus()
    page.keyboard.press("Enter")
    expect(page.locator("#path li")).to_have_count(3)
    page.keyboard.press("Escape")
    assert focus() == inner, focus()
    page.keyboard.press("Escape")
    expect(page.locator("#path li")).to_have_count(1)
    assert focus() == standing, focus()
    # An item of one of them, looked for by its name: back at the whole map, its cell is not shown.
    page.keyboard.press("Enter")
    code = focus().split(":")[0]
    tree = json.loads(page.locator("#tree-data").text_content())
    cell = next(node for node in tree["root"][3] if str(node[0]) == code)
    page.locator("#find-text").fill(tree["names"][cell[3][0][3][0]])
    page.locator("#find button").click()
    expect(page.locator("#path li")).to_have_count(3)
    page.locator("#path button").first.click()
    assert focus() == standing, focus()


def resize(page, check):
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(200)
    check()
    boxes = page.evaluate(
        "[...document.querySelectorAll('.cell')].map((c) => [c.offsetLeft, c.offsetTop, c.offsetWidth, c.offsetHeight])"
    )
    sizes = "[map.clientWidth, map.clientHeight]".replace("map", "document.getElementById('map')")
    across, along = page.evaluate(sizes)
    covered = sum(w * h for _, _, w, h in boxes) / (across * along)
    assert 0.97 < covered < 1.03, covered


def alone(browser, folder):
    """Every figure is a file that a browser shows by itself."""
    files = sorted(folder.glob("*.svg"))
    assert [file.stem for file in files][:2] == ["collisions", "errors"], files
    for file in files:
        shown = Page(browser, file, 800, 600, "light")
        assert shown.page.evaluate("document.documentElement.getBBox().width") > 300, file
        assert shown.errors == [], (file, shown.errors)
        shown.context.close()


def main():
    semid = str(pathlib.Path(sys.argv[1]).resolve())
    shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = pathlib.Path(folder)
        names, values = make(semid, folder)
        program = os.environ.get("CHROMIUM")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        wide = Page(browser, folder / "report.html", 1280, 900, "light")
        figures(wide.page)
        central(wide.page, values)
        by_mouse(wide.page, names)
        by_keyboard(wide.page)
        resize(wide.page, wide.fits)
        wide.finish()
        many = make_many(semid, folder)
        crowded = Page(browser, folder / "many.html", 1280, 900, "light")
        left_out(crowded.page, many)
        crowded.finish()
        full = Page(browser, folder / "cells.html", 1280, 900, "light")
        others(full.page)
        full.finish()
        named = Page(browser, folder / "colours.html", 1280, 900, "light")
        words(named.page)
        named.finish()
        toggled = Page(browser, folder / "report.html", 1280, 900, "light")
        themes(toggled.page)
        assert toggled.errors == [], toggled.errors
        toggled.context.close()
        fewest = {"report": 7, "ids": 6, "deep": 7}
        for file in ["report", "ids", "colours", "deep", "few"]:
            for scheme in ["light", "dark"]:
                for width in [360, 1280]:
                    shown = Page(browser, folder / f"{file}.html", width, 800, scheme)
                    other = "Light theme" if scheme == "dark" else "Dark theme"
                    expect(shown.page.locator("#theme")).to_have_text(other)
                    if shots:
                        shots.mkdir(exist_ok=True)
                        shown.page.screenshot(path=shots / f"{file}-{width}-{scheme}.png", full_page=True)
                    if file in fewest:
                        figures(shown.page, fewest[file])
                    shown.finish()
        alone(browser, folder / "figures")
        browser.close()
    print(json.dumps({"browser": "passed"}))


if __name__ == "__main__":
    main()
