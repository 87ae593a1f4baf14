# registers, spills and instructions of every shader on AMD GPUs that are not there, beside known ones
need_compiler
need_radv
need_shaders
VK_DRIVER_FILES=$radv/radeon_icd.json VK_ICD_FILENAMES=$radv/radeon_icd.json LD_LIBRARY_PATH=$radv/lib \
  "$shaders_python" tests/gpu_stats/check.py "$shaders"
