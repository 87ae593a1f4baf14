#!/usr/bin/env python3
"""Every pipeline of the library through Tint, the WGSL compiler of Chrome, and planted errors that it must refuse.

    SEMID_SHADERS=FOLDER cargo test --lib write_every_shader -- --ignored    writes the pipelines
    check.py FOLDER [--backend Null]                                         compiles them

With Vulkan, the default, Dawn goes on to write SPIR-V and has a driver compile it. Null needs no driver: Tint checks
the WGSL and its overrides. Needs the packages in requirements.txt.
"""

import argparse
import ctypes
import json
import os
import sys
import time

# Errors that Tint must refuse: what is wrong, the kernel, and which of its words become which. The first two are about
# uniformity, which naga checks less strictly, and make a shader wrong on some GPUs only.
PLANTED = [
    ("a barrier that only some invocations reach", "assign",
     "    workgroupBarrier();\n    tile[local]", "    if (local < 7u) { workgroupBarrier(); }\n    tile[local]"),
    ("a return of some invocations before a barrier", "settle",
     "    nearest[local] = best;", "    if (local > 5u) { return; }\n    nearest[local] = best;"),
    ("a reserved word as a name", "length", "@compute", "fn await() {}\n@compute"),
    ("a constant shift by the width of the type", "count", "@compute", "const FAR: u32 = 1u << 32u;\n@compute"),
    ("a sum of different types", "order", "params.first", "(params.first + 1i)"),
    ("a missing semicolon", "gather", "let row = listed[at];", "let row = listed[at]"),
]


def planted(pipelines):
    """Returns the planted errors as pipelines."""
    for what, kernel, right, wrong in PLANTED:
        of = next(pipeline for pipeline in pipelines if pipeline["kernel"] == kernel)
        if right not in of["source"]:
            sys.exit(f"{kernel} has no {right!r}, so {what} cannot be planted in it")
        yield {**of, "name": f"{kernel} with {what}", "source": of["source"].replace(right, wrong, 1)}
    of = next(pipeline for pipeline in pipelines if pipeline["constants"])
    yield {**of, "name": f"{of['kernel']} with an override that it lacks", "constants": {"NO_SUCH_OVERRIDE": 1}}


class Tint:
    """A device of Dawn."""

    def __init__(self, backend):
        os.environ["BACKEND_TYPE"] = backend
        from pydawn import utils, webgpu

        self.utils, self.webgpu = utils, webgpu
        utils.supported_backends["Null"] = webgpu.WGPUBackendType_Null
        adapter = utils.request_adapter_sync(webgpu.WGPUPowerPreference_LowPower)
        self.device = utils.request_device_sync(adapter)

    def refuses(self, pipeline):
        """Compiles a pipeline. Returns Tint's message if it refuses, else nothing."""
        webgpu, utils = self.webgpu, self.utils
        # The descriptor only points at these strings.
        names = [utils.to_wgpu_str(name) for name in pipeline["constants"]]
        constants = (webgpu.WGPUConstantEntry * max(len(names), 1))()
        for constant, name, value in zip(constants, names, pipeline["constants"].values()):
            constant.key, constant.value = name, float(value)
        webgpu.wgpuDevicePushErrorScope(self.device, webgpu.WGPUErrorFilter_Validation)
        module, message = None, None
        try:
            module = utils.create_shader_module(self.device, pipeline["source"])
        except RuntimeError as error:
            message = str(error)
        if module is not None:
            descriptor = webgpu.WGPUComputePipelineDescriptor()
            descriptor.layout = None
            descriptor.compute.module = module
            descriptor.compute.entryPoint = utils.to_wgpu_str("main")
            descriptor.compute.constantCount = len(names)
            descriptor.compute.constants = ctypes.cast(constants, ctypes.POINTER(webgpu.WGPUConstantEntry))
            webgpu.wgpuDeviceCreateComputePipeline(self.device, descriptor)
        return utils.pop_error(self.device) or message


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--backend", default="Vulkan", choices=["Vulkan", "Null"])
    options = arguments.parse_args()
    with open(os.path.join(options.folder, "pipelines.json"), encoding="utf-8") as file:
        pipelines = [pipeline for pipeline in json.load(file) if not pipeline["worse"]]

    tint, start, wrong = Tint(options.backend), time.time(), []
    for pipeline in pipelines:
        if message := tint.refuses(pipeline):
            wrong.append(f"Tint refuses {pipeline['name']}: {message}")
    errors = list(planted(pipelines))
    wrong += [f"Tint takes {pipeline['name']}" for pipeline in errors if not tint.refuses(pipeline)]
    if wrong or not pipelines:
        sys.exit("FAILED\n" + "\n".join(wrong or ["there are no pipelines"]))
    print(f"Tint takes all {len(pipelines)} pipelines and refuses all {len(errors)} planted errors "
          f"({options.backend}, {time.time() - start:.1f} s)")


main()
