//! Makes a pipeline of SPIR-V that wgpu passes through. wgpu does not read its bindings, so this file lists them.

use wgpu::BufferBindingType::{Storage, Uniform};

/// The bindings of shaders/assign_matrix.wgsl.
const BINDINGS: [wgpu::BufferBindingType; 6] = [
    Uniform,
    Storage { read_only: true },
    Storage { read_only: true },
    Storage { read_only: false },
    Storage { read_only: false },
    Storage { read_only: false },
];

/// Builds `assign_matrix` from its words.
pub(in crate::device::gpu) fn pipeline(device: &wgpu::Device, name: &str, words: Vec<u32>) -> wgpu::ComputePipeline {
    let main = wgpu::PassthroughShaderEntryPoint { name: "main".into(), workgroup_size: (0, 0, 0) };
    let descriptor = wgpu::ShaderModuleDescriptorPassthrough {
        label: Some(name),
        entry_points: vec![main].into(),
        spirv: Some(words.into()),
        ..Default::default()
    };
    // SAFETY: the words are those of a shader of this crate, whose types `signed_bytes` has replaced by ones that
    // `is_offered` asked the adapter for. Its indices stay within bounds for the reasons in `Context::build`.
    let module = unsafe { device.create_shader_module_passthrough(descriptor) };
    let entry = |(binding, ty)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let entries: Vec<_> = (0..).zip(BINDINGS).map(entry).collect();
    let descriptor = wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &entries };
    let group = device.create_bind_group_layout(&descriptor);
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(&group)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}
