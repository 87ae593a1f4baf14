"""The tests of the library in headless Chromium, with its WebGPU (SwiftShader) and the vectors of WebAssembly.

    python tests/browser/kernels.py FOLDER [BEGINNING]

FOLDER has the module of the tests (kernels.js, kernels_bg.wasm) and host.js. Runs the tests whose names begin so, by
default those of the kernels and of all that computes with them. Prints `N passed, N failed, N left out`.
"""

import os
import pathlib
import sys
import time

from playwright.sync_api import Error, sync_playwright

from chromium import WEBGPU, Site

BEGINNING = "device::"
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>kernels</title><link rel="icon" href="data:,">'
LOAD = """async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) throw new Error("there is no WebGPU adapter");
    window.kernels = await import("./kernels.js");
    window.host = await import("./host.js");
    window.module = await kernels.default();
    return `${adapter.info.vendor} ${adapter.info.architecture} ${adapter.info.description}`;
}"""
RUN = """async (test) => {
    kernels.choose(test);
    await WebAssembly.promising(module.run)();
}"""


class Kernels:
    """A page with the module, which is loaded again after a test has failed."""

    def __init__(self, browser, site):
        self.page = browser.new_page()
        self.page.set_default_timeout(0)
        self.url = site.url
        self.load()

    def load(self):
        self.page.goto(self.url)
        self.adapter = self.page.evaluate(LOAD)

    def tests(self):
        """Name and, where a test is left out, the reason of every test, in the order of their numbers."""
        lines = self.page.evaluate("kernels.tests()").splitlines()
        return [line.partition("\t")[::2] for line in lines]

    def run(self, number):
        """Why a test fails; none where it passes."""
        try:
            self.page.evaluate(RUN, number)
        except Error as error:
            why = self.page.evaluate("host.panic") or str(error)
            self.load()
            return why
        return None


def main():
    folder = pathlib.Path(sys.argv[1])
    beginning = sys.argv[2] if len(sys.argv) > 2 else BEGINNING
    (folder / "index.html").write_text(PAGE)
    passed, failed, left_out = 0, [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=WEBGPU)
        kernels = Kernels(browser, Site(folder))
        print(f"Chromium {browser.version}, {kernels.adapter}")
        for number, (name, reason) in enumerate(kernels.tests()):
            if not name.startswith(beginning):
                continue
            if reason:
                left_out += 1
                print(f"{name}: left out: {reason}", flush=True)
                continue
            start = time.monotonic()
            why = kernels.run(number)
            print(f"{name} ({time.monotonic() - start:.1f} s): {f'FAILED: {why}' if why else 'ok'}", flush=True)
            if why:
                failed.append(name)
            else:
                passed += 1
        browser.close()
    for name in failed:
        print(f"FAILED: {name}")
    print(f"{passed} passed, {len(failed)} failed, {left_out} left out")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
