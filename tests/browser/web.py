"""The page that makes semantic IDs in the browser, and its JavaScript interface, in headless Chromium.

    python tests/browser/web.py SEMID PAGE [FOLDER FOR SCREENSHOTS]

SEMID is the command line tool, whose files have to be equal byte for byte; PAGE is the folder `web/dist/demo`. WebGPU
runs on SwiftShader, which comes with Chromium. Prints `N passed, N failed`.
"""

import base64
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy
from playwright.sync_api import expect, sync_playwright
from safetensors.numpy import save_file

from chromium import PLAIN, WEBGPU, Site

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = json.loads((ROOT / "tests/spec/golden.json").read_text())["demo"]
BUNDLED = ROOT / "cli/data/top-packages.parquet"
# Most bytes of the page: all files as they are stored, the data included.
MOST = 3_000_000
# Most milliseconds of one piece of work.
LONG = 600_000


class Page:
    """The page, which has to stay without errors and without requests to other places."""

    def __init__(self, browser, site, width=1280, height=1000, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme,
                                           accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(LONG)
        self.errors, self.requests = [], []
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.origin = site.url.rsplit("/", 1)[0]
        self.page.goto(site.url)
        expect(self.page.locator("#shape")).to_contain_text("2,500 rows of 384 dimensions", timeout=LONG)

    def run(self):
        self.page.locator("#run").click()

    def device(self, name):
        self.page.locator(f'input[name="device"][value="{name}"]').check()

    def set(self, **fields):
        for name, value in fields.items():
            self.page.locator(f"#{name}").fill(str(value))

    def more(self):
        self.page.evaluate("document.querySelector('#form details').open = true")

    def choose(self, path):
        self.page.locator("#file").set_input_files(path)

    def drop(self, *paths):
        """Drops files as a hand does: dragged in from outside of the browser, over the page, and let go."""
        box = self.page.locator("#drop").bounding_box()
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
        tools = self.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver"):
            tools.send("Input.dispatchDragEvent", {"type": kind, **at})
        expect(self.page.locator("#drop")).to_have_class("choice over")
        tools.send("Input.dispatchDragEvent", {"type": "drop", **at})
        expect(self.page.locator("#drop")).to_have_class("choice")
        tools.detach()

    def done(self):
        expect(self.page.locator("#results")).to_be_visible(timeout=LONG)
        expect(self.page.locator("#cancel")).to_be_hidden(timeout=LONG)

    def fingerprint(self):
        return self.page.locator("#fingerprint").text_content()

    def download(self, button, folder):
        with self.page.expect_download() as waiting:
            self.page.locator(button).click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path.read_bytes()

    def complains(self, words):
        message = self.page.locator("#message")
        expect(message).to_be_visible(timeout=LONG)
        expect(message).to_contain_text(words, timeout=LONG)

    def usable(self):
        """A small fit on the bundled data still works."""
        self.page.locator('input[value="bundled"]').check()
        expect(self.page.locator("#shape")).to_contain_text("top-packages.parquet", timeout=LONG)
        self.device("cpu")
        self.more()
        self.set(levels=1, clusters=4, restarts=1)
        self.run()
        self.done()
        assert len(self.fingerprint()) == 64

    def fits(self):
        wide, inner = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= inner, f"the page is {wide} wide on a screen of {inner}"

    def finish(self, errors=()):
        left = [error for error in self.errors if not any(words in error for words in errors)]
        assert left == [], left
        elsewhere = [url for url in self.requests if not url.startswith((self.origin, "blob:", "data:"))]
        assert elsewhere == [], elsewhere
        self.fits()
        self.context.close()


def npy(path, rows):
    numpy.save(path, rows.astype(numpy.float32))


def clustered(rows, dim, seed=7):
    random = numpy.random.default_rng(seed)
    centres = random.standard_normal((64, dim))
    return (centres[random.integers(0, 64, rows)] + 0.3 * random.standard_normal((rows, dim))).astype(numpy.float32)


class Tool:
    """The command line tool in a folder."""

    def __init__(self, semid, folder):
        self.semid, self.folder = str(pathlib.Path(semid).resolve()), folder

    def __call__(self, *command):
        subprocess.run([self.semid, *map(str, command), "--quiet", "--device", "cpu"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)

    def read(self, name):
        return (self.folder / name).read_bytes()


def golden_on_both(browser, site, tool, shots):
    """The README's fingerprint on the CPU and on WebGPU, and files equal to the tool's."""
    page = Page(browser, site)
    expect(page.page.locator("#device-note")).to_contain_text("WebGPU works here", timeout=LONG)
    page.device("cpu")
    page.run()
    page.done()
    assert page.fingerprint() == GOLDEN, page.fingerprint()
    shots.take(page, "results")
    tool("fit", "--input", BUNDLED, "--clusters", "64,32,16", "--n-init", 8, "--output", "m.safetensors")
    tool("encode", "--model", "m.safetensors", "--input", BUNDLED, "--output", "codes.npy")
    tool("encode", "--model", "m.safetensors", "--input", BUNDLED, "--id-column", "name", "--output", "ids.csv")
    folder = tool.folder / "downloads"
    folder.mkdir()
    assert page.download("#save-model", folder) == tool.read("m.safetensors"), "the model files differ"
    assert page.download("#save-codes", folder) == tool.read("codes.npy"), "the files of codes differ"
    assert page.download("#save-ids", folder) == tool.read("ids.csv"), "the files of IDs differ"
    page.page.locator("#compare").click()
    expect(page.page.locator("#verdict")).to_contain_text("All 3 fingerprints are equal", timeout=LONG)
    cells = page.page.locator("#compared tbody tr").all_inner_texts()
    assert [GOLDEN in cell and "equal" in cell for cell in cells] == [True] * 3, cells
    shots.take(page, "verify")
    page.page.locator("#other").fill("0" * 64)
    expect(page.page.locator("#other-note")).to_contain_text("Not equal")
    page.page.locator("#compare").click()
    expect(page.page.locator("#verdict")).to_contain_text("differ", timeout=LONG)
    page.finish()


def explore(browser, site, tool, shots):
    """The tree and the search, by keyboard too, and the report."""
    page = Page(browser, site)
    page.device("cpu")
    page.run()
    page.done()
    first = page.page.locator("#tree > details > summary").first
    first.focus()
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#tree > details").first.locator("details").first).to_be_visible()
    page.page.locator("#search").fill("numpy")
    expect(page.page.locator("#hits li").first).to_contain_text("numpy")
    page.page.locator("#hits button").first.click()
    expect(page.page.locator("#tree mark")).to_have_text("numpy")
    id = page.page.locator("#hits .id").first.text_content()
    page.page.locator("#search").fill(id.rsplit("-", 1)[0])
    expect(page.page.locator("#found")).to_contain_text("found")
    page.page.locator("#search").fill("no such thing")
    expect(page.page.locator("#found")).to_have_text("Nothing found.")
    page.page.locator("#report").click()
    frame = page.page.frame_locator("#report-frame")
    expect(frame.locator("h1")).to_have_text("top-packages.parquet", timeout=LONG)
    shots.take(page, "report")
    html = page.download("#save-report", tool.folder)
    assert html.startswith(b"<!DOCTYPE html>") or html.startswith(b"<!doctype html>"), html[:40]
    page.page.locator("#close-report").click()
    page.page.locator("#theme").click()
    shots.take(page, "dark")
    page.finish()


def large_file(browser, site, tool, shots):
    """20,000 x 384 from a file that is dropped: fitted and encoded to the bytes of the tool."""
    npy(tool.folder / "large.npy", clustered(20_000, 384))
    page = Page(browser, site)
    page.drop(tool.folder / "large.npy")
    expect(page.page.locator("#shape")).to_contain_text("20,000 rows of 384 dimensions", timeout=LONG)
    page.device("cpu")
    page.set(levels=2, clusters=64)
    page.run()
    page.done()
    tool("fit", "--input", "large.npy", "--levels", 2, "--clusters", 64, "--output", "large.safetensors")
    tool("encode", "--model", "large.safetensors", "--input", "large.npy", "--output", "large-codes.npy")
    assert page.download("#save-model", tool.folder) == tool.read("large.safetensors")
    assert page.download("#save-codes", tool.folder) == tool.read("large-codes.npy")
    page.finish()


def bad_input(browser, site, tool, shots):
    """Every kind of bad input has a clear message, and the page goes on."""
    folder = tool.folder
    rows = clustered(100, 8)
    rows[17, 3] = numpy.nan
    npy(folder / "nan.npy", rows)
    (folder / "picture.npy").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    (folder / "notes.txt").write_text("no embeddings")
    (folder / "cut.parquet").write_bytes(BUNDLED.read_bytes()[:90_000])
    damaged = bytearray(BUNDLED.read_bytes())
    damaged[1_000_000:1_000_400] = bytes(400)
    (folder / "damaged.parquet").write_bytes(damaged)
    (folder / "empty.npy").write_bytes(b"")
    (folder / "folder").mkdir()
    npy(folder / "right.npy", clustered(100, 8))
    page = Page(browser, site)
    for name, words in [
        ("picture.npy", "does not begin with the magic bytes of numpy"),
        ("notes.txt", "must be named"),
        ("cut.parquet", "parquet"),
        ("damaged.parquet", "damaged.parquet: not a usable parquet file"),
        ("empty.npy", "empty.npy"),
    ]:
        for give in (page.choose, page.drop):
            # Something right in between, so that a message is of this file.
            page.choose(folder / "right.npy")
            expect(page.page.locator("#message")).to_be_hidden(timeout=LONG)
            expect(page.page.locator("#shape")).to_contain_text("right.npy", timeout=LONG)
            give(folder / name)
            page.complains(words)
    shots.take(page, "bad-file")
    page.choose(folder / "nan.npy")
    expect(page.page.locator("#shape")).to_contain_text("100 rows of 8", timeout=LONG)
    page.set(levels=1, clusters=4)
    page.device("cpu")
    page.run()
    page.complains("row 17")
    page.set(levels=2, clusters="4,5,6")
    page.run()
    page.complains("there are 2 levels and 3 numbers")
    page.usable()
    page.finish()


def stopped(browser, site, tool, shots):
    """Cancelling, closing the tab, and losing the GPU in the middle of the work."""
    page = Page(browser, site)
    page.device("cpu")
    page.more()
    page.set(restarts=64)
    page.run()
    expect(page.page.locator("#state")).to_contain_text("Fitting", timeout=LONG)
    shots.take(page, "working")
    page.page.locator("#cancel").click()
    page.complains("Cancelled")
    page.usable()
    # A device that is destroyed fails as one whose driver is reset does.
    page.page.locator('input[value="bundled"]').check()
    page.device("webgpu")
    page.set(levels=3, clusters="64,32,16", restarts=8)
    worker = page.page.workers[-1]
    worker.evaluate("""() => {
        const { requestDevice } = GPUAdapter.prototype;
        GPUAdapter.prototype.requestDevice = async function (...all) {
            const device = await requestDevice.apply(this, all);
            setTimeout(() => device.destroy(), 1500);
            return device;
        };
    }""")
    page.run()
    page.complains("The GPU was given up")
    page.usable()
    # Nothing is left behind by a tab that is closed in the middle.
    page.set(levels=3, clusters="64,32,16", restarts=64)
    page.run()
    expect(page.page.locator("#state")).to_contain_text("Fitting", timeout=LONG)
    page.context.close()
    page = Page(browser, site)
    page.usable()
    page.finish()


INTERFACE = """async ([values, dim, parquet, labelled]) => {
    const { Semid, Model, Codes, SemidError } = await import("./semid.js");
    const out = {};
    const rows = { values: new Float32Array(values), dim };
    const parts = new Set();
    const model = await Semid.fit(rows, { levels: 2, clusters: [8, 4], device: "cpu" }, (at) => parts.add(at.part));
    out.parts = [...parts];
    out.fingerprint = model.fingerprint;
    out.reference = (await Semid.fit(rows, { levels: 2, clusters: [8, 4], device: "reference" })).fingerprint;
    const again = await Model.fromBytes(model.toBytes());
    out.again = again.fingerprint;
    out.clusters = again.clusters;
    const codes = await again.encode(rows, { device: "cpu" });
    out.codes = Array.from(codes.values);
    out.id = codes.id(0);
    out.decoded = Array.from(await again.decode(codes, { device: "cpu" }));
    const kinds = {};
    const kind = async (name, work) => {
        try { await work(); kinds[name] = "no error"; }
        catch (error) { kinds[name] = error instanceof SemidError ? error.kind : `${error.name}: ${error.message}`; }
    };
    await kind("nan", () => Semid.fit({ values: new Float32Array([1, NaN, 2, 3]), dim: 2 }, { clusters: 1 }));
    await kind("parameter", () => Semid.fit(rows, { clustres: 8 }));
    await kind("clusters", () => Semid.fit(rows, { clusters: 100000 }));
    await kind("option", () => Semid.encode(model, rows, { beam: 8 }));
    await kind("few", () => Semid.fit({ values: new Float32Array([1, 2]), dim: 1 }, { clusters: 8 }));
    await kind("model", () => Model.fromBytes(new Uint8Array([1, 2, 3])));
    await kind("code", () => Semid.decode(model, new Codes(new Uint32Array([9, 9]), 2)));
    await kind("device", () => Semid.fit(rows, { device: "abacus" }));
    await kind("dim", () => Semid.encode(model, { values: new Float32Array(6), dim: 3 }, { device: "cpu" }));
    await kind("labels", async () => {
        await (await Model.fromBytes(new Uint8Array(labelled))).encode(rows, { device: "cpu" });
    });
    await kind("rows", () => Semid.fit([1, 2, 3]));
    const control = new AbortController();
    await kind("aborted", async () => {
        const fit = Semid.fit(rows, { levels: 2, clusters: 64, nInit: 1000000, device: "cpu", signal: control.signal },
            () => control.abort(new Error("enough")));
        // A job that waits for an aborted one is done all the same.
        const next = Semid.fit(rows, { levels: 2, clusters: [8, 4], device: "cpu" });
        try { await fit; } finally { out.next = (await next).fingerprint; }
    });
    await kind("already", () => Semid.fit(rows, { signal: AbortSignal.abort(new Error("before")) }));
    out.kinds = kinds;
    const file = new File([await (await fetch(parquet)).blob()], "x.parquet");
    out.open = await Semid.open({ file, column: "embedding" });
    out.texts = (await Semid.texts(file, "name")).slice(0, 3);
    const verified = await Semid.verify(rows, { levels: 2, clusters: [8, 4], devices: ["webgpu", "cpu", "reference"] });
    out.verified = verified;
    Semid.close();
    return out;
}"""


def interface(browser, site, tool, shots):
    """The JavaScript interface."""
    rows = clustered(300, 6, seed=3)
    npy(tool.folder / "small.npy", rows)
    tool("fit", "--input", "small.npy", "--levels", 2, "--clusters", "8,4", "--output", "small.safetensors")
    tool("encode", "--model", "small.safetensors", "--input", "small.npy", "--output", "small-codes.npy")
    tool("decode", "--model", "small.safetensors", "--input", "small-codes.npy", "--output", "decoded.npy")
    (tool.folder / "kinds.txt").write_text("tea\ncup\n" * 150)
    tool("fit", "--input", "small.npy", "--levels", 1, "--clusters", 4, "--prefix-labels", "kinds.txt", "--output",
         "labelled.safetensors")
    labelled = list(tool.read("labelled.safetensors"))
    info = subprocess.run([tool.semid, "info", "--model", "small.safetensors", "--json"], cwd=tool.folder, check=True,
                          capture_output=True)
    fingerprint = json.loads(info.stdout)["fingerprint"]
    page = Page(browser, site)
    found = page.page.evaluate(INTERFACE, [rows.ravel().tolist(), 6, "top-packages.parquet", labelled])
    codes = numpy.load(tool.folder / "small-codes.npy")
    decoded = numpy.load(tool.folder / "decoded.npy")
    same = {key: fingerprint for key in ("fingerprint", "reference", "again", "next")}
    assert {key: found[key] for key in same} == same, found
    assert found["clusters"] == [8, 4] and "level" in found["parts"], found
    assert found["codes"] == codes.ravel().tolist(), "codes differ"
    assert found["id"] == "-".join(map(str, codes[0])), found["id"]
    assert numpy.array_equal(numpy.array(found["decoded"], numpy.float32), decoded.ravel()), "decoded rows differ"
    kinds = found["kinds"]
    expected = {"nan": "NotFinite", "parameter": "Parameter", "clusters": "Parameter", "few": "TooFewRows",
                "option": "Parameter",
                "model": "Format", "code": "Code", "device": "UnknownDevice", "dim": "DimMismatch",
                "labels": "Parameter",
                "rows": "TypeError: rows are { values: Float32Array, dim } or a File", "aborted": "Error: enough",
                "already": "Error: before"}
    assert kinds == expected, {key: kinds.get(key) for key in expected if kinds.get(key) != expected[key]}
    assert (found["open"]["rows"], found["open"]["dim"], "name" in found["open"]["columns"]) == (2500, 384, True), found
    assert len(found["texts"]) == 3 and all(found["texts"]), found["texts"]
    hashed = hashlib.sha256(codes.astype("<u4").tobytes()).hexdigest()
    verified = found["verified"]
    assert verified["equal"] and len(verified["results"]) == 3, verified
    assert all(result["codesSha256"] == hashed for result in verified["results"]), verified
    page.finish()


def files(browser, site, tool, shots):
    """.safetensors, .fvecs, float16 and a named column, against the tool."""
    rows = clustered(400, 8, seed=5)
    save_file({"a": rows, "b": rows + 1}, tool.folder / "two.safetensors")
    (tool.folder / "x.fvecs").write_bytes(b"".join(struct.pack("<i8f", 8, *row) for row in rows))
    numpy.save(tool.folder / "half.npy", rows.astype(numpy.float16))
    page = Page(browser, site)
    script = """async ([bytes, name, tensor]) => {
        const { Semid } = await import("./semid.js");
        const file = new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name);
        return (await Semid.fit({ file, tensor }, { levels: 2, clusters: 8, device: "cpu" })).fingerprint;
    }"""
    for name, tensor in [("two.safetensors", "b"), ("x.fvecs", None), ("half.npy", None)]:
        more = ["--tensor", tensor] if tensor else []
        tool("fit", "--input", name, "--levels", 2, "--clusters", 8, "--output", "f.safetensors", *more)
        info = subprocess.run([tool.semid, "info", "--model", "f.safetensors", "--json"], cwd=tool.folder,
                              check=True, capture_output=True)
        bytes64 = base64.b64encode((tool.folder / name).read_bytes()).decode()
        found = page.page.evaluate(script, [bytes64, name, tensor])
        assert found == json.loads(info.stdout)["fingerprint"], name
    page.finish()


def without_webgpu(browser, site, tool, shots):
    """A browser without WebGPU says so, and the CPU does the work; on a telephone, in the dark, by keyboard."""
    page = Page(browser, site, width=390, height=800, scheme="dark")
    expect(page.page.locator("#device-note")).to_contain_text("The CPU gives the same IDs", timeout=LONG)
    assert page.page.locator('input[value="webgpu"]').is_disabled()
    assert page.page.locator("html").get_attribute("data-theme") == "dark"
    page.fits()
    shots.take(page, "telephone-start")
    page.page.locator("#levels").focus()
    page.page.keyboard.press("Enter")
    page.done()
    assert page.fingerprint() == GOLDEN
    shots.take(page, "telephone")
    page.page.locator("#compare").click()
    expect(page.page.locator("#verdict")).to_contain_text("All 2 fingerprints are equal", timeout=LONG)
    page.finish()


class Shots:
    """Screenshots, where a folder for them was given."""

    def __init__(self, folder):
        self.folder = folder and pathlib.Path(folder)

    def take(self, page, name):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            page.page.wait_for_timeout(400)
            page.page.screenshot(path=self.folder / f"{name}.png", full_page=True)


def main():
    semid, folder = sys.argv[1:3]
    shots = Shots(sys.argv[3] if len(sys.argv) > 3 else None)
    site = Site(folder)
    size = sum(path.stat().st_size for path in pathlib.Path(folder).iterdir())
    print(f"the page has {size:,} bytes")
    passed = failed = 0
    tests = [(WEBGPU, [golden_on_both, explore, large_file, bad_input, stopped, interface, files]),
             (PLAIN, [without_webgpu])]
    chosen = os.environ.get("SEMID_WEB_TESTS", "").split()
    with sync_playwright() as playwright:
        for flags, several in tests:
            several = [test for test in several if not chosen or test.__name__ in chosen]
            if not several:
                continue
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=flags)
            for test in several:
                start = time.monotonic()
                with tempfile.TemporaryDirectory() as made:
                    try:
                        test(browser, site, Tool(semid, pathlib.Path(made)), shots)
                        passed += 1
                        state = "ok"
                    except Exception as error:  # Every test has its say.
                        failed += 1
                        state = f"FAILED: {type(error).__name__}: {error}"
                print(f"{test.__name__} ({time.monotonic() - start:.1f} s): {state}", flush=True)
            browser.close()
    if size > MOST:
        failed += 1
        print(f"FAILED: the page has more than {MOST:,} bytes")
    else:
        passed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
