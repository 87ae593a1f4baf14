//! Cooperative matrices of signed bytes, which multiply many times faster than other instructions where an adapter has
//! them ("tensor cores"). Their sums are integers, and so exact.
//!
//! wgpu 30 and naga 30 have cooperative matrices of floats alone. So the shader is WGSL whose matrices are said to be
//! of f32; it is translated to SPIR-V, and [`signed_bytes`] replaces their types. Vulkan only.

#[cfg(feature = "tensor-cores")]
mod offered;
#[cfg(feature = "tensor-cores")]
mod pipeline;
mod signed_bytes;

use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ValidationFlags, Validator};
#[cfg(feature = "tensor-cores")]
pub(super) use offered::is_offered;
#[cfg(feature = "tensor-cores")]
pub(super) use pipeline::pipeline;

/// The features of a device that has these matrices.
#[cfg(feature = "tensor-cores")]
pub(super) const FEATURES: wgpu::Features =
    wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX.union(wgpu::Features::PASSTHROUGH_SHADERS);

/// Returns how wgpu 30 translates modules that are trusted (`Context::build`) for Vulkan 1.3: no bounds checks, no
/// bounded loops, no zeroed workgroup memory.
pub(super) fn trusted() -> spv::Options<'static> {
    let unchecked = BoundsCheckPolicy::Unchecked;
    spv::Options {
        lang_version: (1, 6),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: BoundsCheckPolicies {
            index: unchecked,
            buffer: unchecked,
            image_load: unchecked,
            binding_array: unchecked,
        },
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..spv::Options::default()
    }
}

/// Translates WGSL to SPIR-V whose cooperative matrices are of signed bytes; an error is the text of the compiler.
pub(super) fn spirv(source: &str) -> Result<Vec<u32>, String> {
    let source = format!("enable wgpu_cooperative_matrix;\n{source}");
    let module = naga::front::wgsl::parse_str(&source).map_err(|error| error.emit_to_string(&source))?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::COOPERATIVE_MATRIX)
        .validate(&module)
        .map_err(|error| error.emit_to_string(&source))?;
    let entry = spv::PipelineOptions { shader_stage: naga::ShaderStage::Compute, entry_point: "main".to_owned() };
    let words = spv::write_vec(&module, &info, &trusted(), Some(&entry)).map_err(|error| error.to_string())?;
    signed_bytes::replace(&words).ok_or_else(|| "the SPIR-V is cut off".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::gpu::kernel::Kernel;
    use std::collections::HashSet;

    const TYPE_INT: u32 = 21;
    const CONSTANT: u32 = 43;
    const TYPE_MATRIX: u32 = 4456;
    const MULTIPLY_ADD: u32 = 4459;

    /// Returns the operands of all instructions of a kind.
    fn all(words: &[u32], op: u32) -> Vec<&[u32]> {
        let (mut at, mut found) = (5, Vec::new());
        while at < words.len() {
            let length = (words[at] >> 16) as usize;
            if words[at] & 0xffff == op {
                found.push(&words[at + 1..at + length]);
            }
            at += length;
        }
        assert_eq!(at, words.len());
        found
    }

    /// Three types of matrices: two factors of signed bytes that fit each other, and their sums.
    #[test]
    fn matrices_are_of_signed_bytes() {
        let words = spirv(&Kernel::AssignMatrix.source()).expect("SPIR-V");
        let is_int = |id: u32, bits: u32| all(&words, TYPE_INT).contains(&[id, bits, 1].as_slice());
        let value = |id: u32| all(&words, CONSTANT).into_iter().find(|constant| constant[1] == id).expect("it")[2];
        let mut matrices: Vec<_> = all(&words, TYPE_MATRIX)
            .into_iter()
            .map(|of| {
                let bits = [8, 32].into_iter().find(|bits| is_int(of[1], *bits));
                (value(of[5]), bits.expect("integers"), value(of[3]), value(of[4]))
            })
            .collect();
        matrices.sort_unstable();
        assert_eq!(matrices, [(0, 8, 16, 32), (1, 8, 32, 16), (2, 32, 16, 16)]);
        let products = all(&words, MULTIPLY_ADD);
        assert_eq!(products.len(), 8);
        assert!(products.iter().all(|product| product.last() == Some(&0xf)), "all are signed");
        // Integers of 8 bits, matrices, the memory model, and atomics in the scope of a device; each said once.
        let capabilities: Vec<u32> = all(&words, 17).into_iter().map(|of| of[0]).collect();
        for needed in [39, 6022, 5345, 5346] {
            assert_eq!(capabilities.iter().filter(|found| **found == needed).count(), 1, "capability {needed}");
        }
        let ids =
            all(&words, TYPE_INT).into_iter().map(|of| of[0]).chain(all(&words, CONSTANT).into_iter().map(|of| of[1]));
        let ids: Vec<u32> = ids.collect();
        assert!(ids.iter().all(|id| *id < words[3]), "an id is not below the bound");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an id is given twice");
    }

    /// Every access of shared memory says that it is not private, and every barrier makes writes visible.
    #[test]
    fn invocations_see_what_others_wrote() {
        let words = spirv(&Kernel::AssignMatrix.source()).expect("SPIR-V");
        // Variables of a workgroup and of buffers, and pointers into them; a chain follows what it begins with.
        let mut shared: HashSet<u32> = HashSet::new();
        shared.extend(all(&words, 59).into_iter().filter(|of| [4, 12].contains(&of[2])).map(|of| of[1]));
        for chain in all(&words, 65) {
            if shared.contains(&chain[2]) {
                shared.insert(chain[1]);
            }
        }
        // Where the pointer is, how many operands there are with and without a memory operand, and whether accesses of
        // private memory are expected.
        for (op, pointer, operands, private) in
            [(61, 2, 4, true), (62, 0, 3, true), (4457, 2, 6, false), (4458, 0, 5, false)]
        {
            let accesses = all(&words, op);
            let (to_shared, to_private): (Vec<_>, Vec<_>) =
                accesses.into_iter().partition(|access| shared.contains(&access[pointer]));
            assert!(!to_shared.is_empty() && to_private.is_empty() != private, "{op}");
            assert!(to_shared.iter().all(|access| access.len() == operands && access.last() == Some(&0x20)), "{op}");
            assert!(to_private.iter().all(|access| access.len() + 1 == operands), "{op}");
        }
        let value = |id: u32| all(&words, CONSTANT).into_iter().find(|constant| constant[1] == id).expect("it")[2];
        let barriers: Vec<_> = all(&words, 224).into_iter().map(|barrier| value(barrier[2])).collect();
        assert!(barriers.len() > 5 && barriers.iter().all(|semantics| *semantics == 0x6108), "{barriers:x?}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let words = spirv(&Kernel::AssignMatrix.source()).expect("SPIR-V");
        for length in [0, 3, 5, 6, 7] {
            assert!(signed_bytes::replace(&words[..length]).is_none(), "{length} words");
        }
        let error = spirv("fn main() { nothing(); }").expect_err("an error");
        assert!(error.contains("nothing"), "{error}");
    }
}
