# every shader through Tint, Chrome's WGSL compiler, which must refuse planted errors
need_compiler
need_vulkan
need_shaders
# lavapipe alone: SwiftShader would take 20 seconds to compile one of the kernels.
VK_DRIVER_FILES=$(lavapipe_icd) VK_ICD_FILENAMES=$(lavapipe_icd) "$shaders_python" tests/tint/check.py "$shaders"
