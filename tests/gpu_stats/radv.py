"""Compiles compute shaders for AMD GPUs that are not there, with Mesa's RADV, and reads what the machine code needs."""

import os
import re

# The figures of a shader: the larger the worse, except for waves.
FIGURES = {
    "vgprs": "vector registers",
    "sgprs": "scalar registers",
    "spills": "spilled registers",
    "scratch": "bytes of scratch memory per wave",
    "lds": "bytes of shared memory per workgroup",
    "waves": "waves per SIMD",
    "instructions": "instructions",
    "per_multiply": "instructions per multiply in the hot block",
}

# A vector instruction that multiplies, one to four products at a time.
MULTIPLY = re.compile(r"^v_(pk_)?(fma|fmac|mul|mad|mac|dot)")
BLOCK = re.compile(r"^BB\d+:")
CAPTURE = 0x40 | 0x80  # VK_PIPELINE_CREATE_CAPTURE_{STATISTICS,INTERNAL_REPRESENTATIONS}_BIT_KHR


class Radv:
    """A device of one family, which compiles and never runs."""

    def __init__(self, family):
        # Read by every new instance.
        os.environ["RADV_FORCE_FAMILY"] = family
        import vulkan as vk

        self.vk = vk
        about = vk.VkApplicationInfo(pApplicationName="gpu_stats", apiVersion=vk.VK_MAKE_VERSION(1, 3, 0))
        instance = vk.vkCreateInstance(vk.VkInstanceCreateInfo(pApplicationInfo=about), None)
        physical = vk.vkEnumeratePhysicalDevices(instance)[0]
        properties = vk.vkGetPhysicalDeviceProperties(physical)
        self.name = properties.deviceName
        number = properties.driverVersion
        self.mesa = f"{number >> 22}.{number >> 12 & 0x3ff}.{number & 0xfff}"
        # What wgpu turns on, as far as it can change the machine code.
        executables = vk.VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR(
            pNext=vk.VkPhysicalDeviceVulkan13Features(shaderIntegerDotProduct=vk.VK_TRUE),
            pipelineExecutableInfo=vk.VK_TRUE)
        robustness = vk.VkPhysicalDeviceRobustness2FeaturesEXT(
            pNext=executables, robustBufferAccess2=vk.VK_TRUE, robustImageAccess2=vk.VK_TRUE)
        self.device = vk.vkCreateDevice(physical, vk.VkDeviceCreateInfo(
            pNext=robustness,
            pQueueCreateInfos=[vk.VkDeviceQueueCreateInfo(queueFamilyIndex=0, pQueuePriorities=[1.0])],
            ppEnabledExtensionNames=["VK_KHR_pipeline_executable_properties", "VK_EXT_robustness2"],
            pEnabledFeatures=vk.VkPhysicalDeviceFeatures(robustBufferAccess=vk.VK_TRUE)), None)
        self.layout = self._layout()

    def _layout(self):
        """Makes the layout of all kernels: a uniform buffer, then storage buffers."""
        vk = self.vk
        kind = lambda i: vk.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER if i else vk.VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
        bindings = [
            vk.VkDescriptorSetLayoutBinding(
                binding=i, descriptorType=kind(i), descriptorCount=1, stageFlags=vk.VK_SHADER_STAGE_COMPUTE_BIT)
            for i in range(9)
        ]
        sets = vk.vkCreateDescriptorSetLayout(
            self.device, vk.VkDescriptorSetLayoutCreateInfo(pBindings=bindings), None)
        return vk.vkCreatePipelineLayout(self.device, vk.VkPipelineLayoutCreateInfo(pSetLayouts=[sets]), None)

    def compile(self, path):
        """Compiles a SPIR-V file; returns the statistics of the driver by name, and the machine code as text."""
        vk = self.vk
        with open(path, "rb") as file:
            code = file.read()
        module = vk.vkCreateShaderModule(
            self.device, vk.VkShaderModuleCreateInfo(codeSize=len(code), pCode=code), None)
        stage = vk.VkPipelineShaderStageCreateInfo(
            stage=vk.VK_SHADER_STAGE_COMPUTE_BIT, module=module, pName="main")
        info = vk.VkComputePipelineCreateInfo(
            flags=CAPTURE, stage=stage, layout=self.layout, basePipelineIndex=-1)
        made = vk.vkCreateComputePipelines(self.device, None, 1, [info], None)
        pipeline = made[0] if hasattr(made, "__getitem__") else made
        which = vk.VkPipelineExecutableInfoKHR(pipeline=pipeline, executableIndex=0)
        read = {0: "b32", 1: "i64", 2: "u64", 3: "f64"}
        statistics = vk.vkGetDeviceProcAddr(self.device, "vkGetPipelineExecutableStatisticsKHR")
        found = {self._text(one.name): getattr(one.value, read[one.format]) for one in statistics(self.device, which)}
        return found, self._assembly(which)

    def _assembly(self, which):
        """Returns the machine code. The package's own wrapper leaves out the text, so this calls the driver."""
        from vulkan import _vulkan

        ffi, name = self.vk.ffi, "vkGetPipelineExecutableInternalRepresentationsKHR"
        call = ffi.cast("PFN_" + name, _vulkan.lib.vkGetDeviceProcAddr(self.device, name.encode()))
        count = ffi.new("uint32_t*")
        which = ffi.addressof(which)
        call(self.device, which, count, ffi.NULL)
        found = ffi.new("VkPipelineExecutableInternalRepresentationKHR[]", count[0])
        call(self.device, which, count, found)
        texts = [ffi.new("char[]", one.dataSize) for one in found]
        for one, text in zip(found, texts):
            one.pData = text
        call(self.device, which, count, found)
        for one, text in zip(found, texts):
            if ffi.string(one.name).decode() == "Assembly":
                return ffi.string(text).decode()
        raise RuntimeError("the driver gives no assembly")

    def _text(self, value):
        return value if isinstance(value, str) else self.vk.ffi.string(value).decode()


def figures(statistics, assembly):
    """Returns the figures of a shader."""
    multiplies, instructions = hot_block(assembly)
    return {
        "vgprs": statistics["VGPRs"],
        "sgprs": statistics["SGPRs"],
        "spills": statistics["Spilled SGPRs"] + statistics["Spilled VGPRs"],
        "scratch": statistics["Scratch size"],
        "lds": statistics["LDS size"],
        "waves": statistics["Subgroups per SIMD"],
        "instructions": statistics["Instructions"],
        "per_multiply": round(instructions / multiplies, 4) if multiplies else 0,
    }


def hot_block(assembly):
    """Returns the numbers of multiplies and of all instructions of the block with the most multiplies."""
    blocks, block = [], []
    for line in assembly.splitlines():
        line = line.strip()
        if BLOCK.match(line):
            block = []
            blocks.append(block)
        elif line and not line.startswith(";"):
            block.append(line)
    count = lambda block: sum(bool(MULTIPLY.match(line)) for line in block)
    hot = max(blocks, key=lambda block: (count(block), -len(block)), default=[])
    return count(hot), len(hot)
