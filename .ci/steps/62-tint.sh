# every shader through Tint, Chrome's WGSL compiler, which must refuse planted errors
need_compiler
need_vulkan
need_shaders
# lavapipe alone: the software driver of Chromium takes 20 seconds for one kernel in a build of Dawn that is not Chrome's.
VK_DRIVER_FILES=$(lavapipe_icd) VK_ICD_FILENAMES=$(lavapipe_icd) "$shaders_python" tests/tint/check.py "$shaders"
