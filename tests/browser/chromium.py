"""What the tests in Chromium share: a web server for a folder, and the flags of the browser."""

import functools
import http.server
import threading

PLAIN = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
# WebGPU on SwiftShader, which comes with Chromium. Without the last flag it takes half a minute to compile one of the
# kernels.
WEBGPU = PLAIN + ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan",
                  "--enable-dawn-features=disable_workgroup_init"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript",
                      ".wasm": "application/wasm"}

    def log_message(self, *_):
        pass


class Site:
    """Serves a folder on this computer alone."""

    def __init__(self, folder):
        handler = functools.partial(Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/index.html"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
