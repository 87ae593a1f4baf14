#!/usr/bin/env bash
# Builds Mesa's stub of the kernel's driver for Intel GPUs, which distributions do not package: with it, Mesa's Vulkan
# driver finds a GPU that is not there, and compiles for it. Nothing runs.
#
#   benches/intel/stub.sh MESA INCLUDE OUT.so
#
# MESA is the unpacked source of Mesa 22.3.6 (deb.debian.org/debian/pool/main/m/mesa/mesa_22.3.6.orig.tar.gz), INCLUDE
# the folder with xf86drm.h (Debian's libdrm-dev, which may be unpacked and not installed). Needs gcc and libdrm.so.2.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2 && exit 2; }
include=$(realpath "$2")
out=$(realpath -m "$3")
cd "$1"
flags=(-std=gnu11 -O1 -fPIC -shared -w -D_GNU_SOURCE -DUSE_SSE41)
# What Mesa's build files find out about a compiler.
for has in PTHREAD MEMFD_CREATE STRUCT_TIMESPEC TIMESPEC_GET ENDIAN_H SECURE_GETENV PROGRAM_INVOCATION_NAME \
  LINUX_FUTEX_H FUNC_ATTRIBUTE_PACKED FUNC_ATTRIBUTE_MALLOC \
  __BUILTIN_{POPCOUNT,POPCOUNTLL,FFS,FFSLL,CLZ,CLZLL,EXPECT,UNREACHABLE}; do
  flags+=("-DHAVE_$has")
done
flags+=(-DUTIL_ARCH_LITTLE_ENDIAN=1 -DUTIL_ARCH_BIG_ENDIAN=0 '-DPACKAGE_VERSION="22.3.6"')
for folder in include src src/intel src/mapi src/mesa src/gallium/include src/gallium/auxiliary; do
  flags+=("-I$folder")
done
files=(src/drm-shim/{device,drm_shim}.c src/intel/tools/intel_noop_drm_shim.c
  src/intel/dev/intel_{device_info,hwconfig}.c src/intel/common/intel_{gem,engine}.c
  src/util/{hash_table,set,ralloc,vma,log,os_misc,u_debug,u_printf,u_process,os_file,os_time,u_call_once}.c
  src/util/{simple_mtx,futex}.c src/c11/impl/{threads_posix,time}.c)
gcc "${flags[@]}" -I"$include" -I"$include/libdrm" -o "$out" "${files[@]}" -ldl -lpthread -l:libdrm.so.2
