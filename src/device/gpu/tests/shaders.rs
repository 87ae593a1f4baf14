//! Every shader, in every variant, must translate for every graphics API; other compilers get them as files.

use crate::device::gpu::cooperative::trusted;
use crate::device::gpu::kernel::Kernel;
use naga::back::pipeline_constants::process_overrides;
use naga::back::{hlsl, msl, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage};
use std::path::{Path, PathBuf};

/// Returns the module of `source` with the override constants of `kernel`.
fn module_of(kernel: Kernel, source: &str) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(source)));
    // Shaders may use no capability beyond core WGSL.
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(source)));
    let constants = kernel.constants().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let (module, info) =
        process_overrides(&module, &info, Some((ShaderStage::Compute, "main")), &constants).expect("overrides");
    (module.into_owned(), info.into_owned())
}

#[test]
fn every_shader_translates() {
    for kernel in Kernel::all() {
        let (module, info) = module_of(kernel, &kernel.source());

        let binary = spv::write_vec(&module, &info, &spv::Options::default(), None).expect("SPIR-V");
        assert!(!binary.is_empty(), "{kernel:?}");

        let options = msl::Options { fake_missing_bindings: true, lang_version: (2, 0), ..Default::default() };
        let (text, _) = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default()).expect("MSL");
        assert!(text.contains("kernel void"), "{kernel:?}");

        let options = hlsl::Options { fake_missing_bindings: true, ..Default::default() };
        let mut text = String::new();
        let pipeline = hlsl::PipelineOptions::default();
        hlsl::Writer::new(&mut text, &options, &pipeline).write(&module, &info, None).expect("HLSL");
        assert!(text.contains("numthreads"), "{kernel:?}");
    }
}

/// Shaders made worse, to see that tests/gpu_stats finds it: the kernel, what is replaced, and by what.
const WORSE: [(&str, Kernel, &str, &str); 3] = [
    (
        "an addition for every product",
        Kernel::Assign { wide_rows: true, wide_codes: true },
        "bitcast<vec4<f32>>(code), sum);",
        "bitcast<vec4<f32>>(code), sum) + bitcast<vec4<f32>>(vec4<u32>(params.count));",
    ),
    (
        "a tile twice as large",
        Kernel::Assign { wide_rows: true, wide_codes: true },
        "array<vec4<u32>, 1024>",
        "array<vec4<u32>, 2048>",
    ),
    (
        "an array of its own for every invocation",
        Kernel::Settle,
        "    var best_code = 0xffffffffu;",
        "    var own: array<u32, 512>;
    for (var i = 0u; i < params.count; i++) { own[(i * 7u) % 512u] = i; }
    var best_code = own[params.end];",
    ),
];

/// Returns the SPIR-V that wgpu 30 gives a Vulkan 1.3 driver with dot products for a module that is trusted.
fn spirv_of(kernel: Kernel, source: &str) -> Vec<u8> {
    use spv::Capability::*;
    let (module, info) = module_of(kernel, source);
    let capabilities =
        [Shader, Matrix, Int8, DotProductInputAll, DotProductInput4x8Bit, DotProductInput4x8BitPacked, DotProduct];
    let options = spv::Options {
        flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
        capabilities: Some(capabilities.into_iter().collect()),
        ..trusted()
    };
    let entry = spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".into() };
    let words = spv::write_vec(&module, &info, &options, Some(&entry)).expect("SPIR-V");
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Writes one pipeline as `NUMBER.spv` and returns its line of `pipelines.json`.
fn write_pipeline(
    folder: &Path,
    number: usize,
    kernel: Kernel,
    source: &str,
    worse: Option<&str>,
) -> serde_json::Value {
    let spirv = format!("{number}.spv");
    std::fs::write(folder.join(&spirv), spirv_of(kernel, source)).expect("a file");
    let variant = kernel.constants().into_iter().map(|(name, value)| format!(" {name}={value}"));
    serde_json::json!({
        "kernel": kernel.name(),
        "name": std::iter::once(kernel.name().to_owned()).chain(variant).collect::<String>(),
        "constants": kernel.constants().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "source": source,
        "spirv": spirv,
        // No hardware is given these.
        "software": kernel.name() == "assign_streamed",
        "worse": worse,
    })
}

/// Writes `pipelines.json`, with every pipeline that the library can make, and the SPIR-V of each to the folder
/// `SEMID_SHADERS`, for tests/tint and tests/gpu_stats.
#[test]
#[ignore = "writes files"]
fn write_every_shader() {
    let folder = PathBuf::from(std::env::var_os("SEMID_SHADERS").expect("SEMID_SHADERS is the folder to write to"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let product = Kernel::all().into_iter().filter(|kernel| !kernel.is_for_tests());
    let right = product.map(|kernel| (kernel, kernel.source(), None));
    let wrong = WORSE.into_iter().map(|(what, kernel, from, to)| {
        let source = kernel.source();
        assert!(source.contains(from), "{kernel:?} has no {from}");
        (kernel, source.replacen(from, to, 1), Some(what))
    });
    let lines: Vec<_> = (right.chain(wrong).enumerate())
        .map(|(number, (kernel, source, worse))| write_pipeline(&folder, number, kernel, &source, worse))
        .collect();
    std::fs::write(folder.join("pipelines.json"), serde_json::to_vec(&lines).expect("JSON")).expect("a file");
    println!("{} pipelines in {}", lines.len(), folder.display());
}
