//! Every shader, in the form in which it is used, must translate for every graphics API.

use crate::device::gpu::kernel::Kernel;
use naga::back::{hlsl, msl, pipeline_constants::process_overrides, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_shader_translates() {
    for kernel in Kernel::all() {
        let source = kernel.source();
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(&source)));
        // Shaders may use no capability beyond core WGSL.
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{kernel:?}: {}", error.emit_to_string(&source)));
        let constants = kernel.constants().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let entry = Some((naga::ShaderStage::Compute, "main"));
        let (module, info) = process_overrides(&module, &info, entry, &constants).expect("overrides");

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
