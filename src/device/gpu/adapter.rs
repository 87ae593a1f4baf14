//! Lists the adapters and their abilities, and opens one.

use super::context::Context;
use super::kernel::{Kernel, MATRIX_WORKGROUP_BYTES, NEEDS, Needs};
use super::wait;
use crate::device::{AdapterLimits, DeviceInfo};
use crate::error::{ErrorKind, Result};
use std::path::Path;
use std::sync::OnceLock;

/// The smallest storage binding that a table can be divided into.
const LEAST_BINDING: u64 = 16 << 20;
/// The largest binding that is used; larger ones bring nothing, and some drivers handle them badly.
const MOST_BINDING: u64 = 1 << 30;

/// An adapter and its index in the list.
pub(super) struct FoundAdapter {
    pub(super) adapter: wgpu::Adapter,
    pub(super) info: DeviceInfo,
    device_type: wgpu::DeviceType,
}

/// Returns every adapter of every backend, in the order of the backends, then of the driver. The order stays the same
/// for the life of the process, because drivers are asked only once; those of OpenGL are asked when the iterator gets
/// that far.
pub(super) fn all() -> impl Iterator<Item = &'static FoundAdapter> {
    native().iter().chain(std::iter::once_with(gl).flatten())
}

/// Returns the adapters of Vulkan, Metal and DX12.
fn native() -> &'static [FoundAdapter] {
    static FOUND: OnceLock<Vec<FoundAdapter>> = OnceLock::new();
    FOUND.get_or_init(|| ask(wgpu::Backends::all().difference(wgpu::Backends::GL), 0))
}

/// Returns the adapters of OpenGL: mostly the same hardware once more, through drivers that take memory of their own.
fn gl() -> &'static [FoundAdapter] {
    static FOUND: OnceLock<Vec<FoundAdapter>> = OnceLock::new();
    FOUND.get_or_init(|| ask(wgpu::Backends::GL, native().len()))
}

/// Asks the drivers of these backends for their adapters, the first of which gets the index `first`.
fn ask(backends: wgpu::Backends, first: usize) -> Vec<FoundAdapter> {
    (first..).zip(request(backends)).map(|(index, adapter)| describe(index, adapter)).collect()
}

/// Returns the adapter of the backend that does nothing with kernels: all time that passes on it is the host's.
#[cfg(all(test, feature = "_noop"))]
pub(super) fn that_runs_nothing() -> FoundAdapter {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.flags = wgpu::InstanceFlags::empty();
    descriptor.backends = wgpu::Backends::NOOP;
    let features = Some(wgpu::Features::empty());
    descriptor.backend_options.noop = wgpu::NoopBackendOptions { enable: true, features, ..Default::default() };
    let mut adapters =
        wait::for_future(wgpu::Instance::new(descriptor).enumerate_adapters(wgpu::Backends::NOOP)).into_iter();
    describe(0, adapters.next().expect("the backend has an adapter"))
}

/// Returns the adapters of those of these backends that this build has.
fn request(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    let backends = backends & wgpu::Instance::enabled_backend_features();
    if backends.is_empty() || !wait::is_possible() {
        return Vec::new();
    }
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // The flags leave out validation layers, which print, and VALIDATION_INDIRECT_CALL, which limits buffers to 4 GiB.
    descriptor.flags = wgpu::InstanceFlags::empty();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    let mut adapters = wait::for_future(instance.enumerate_adapters(backends));
    adapters.sort_by_key(|adapter| adapter.get_info().backend as u8);
    adapters
}

/// Returns whether this machine may have a hardware GPU; asking its drivers costs 70 MB, and some print complaints.
///
/// On Linux the kernel shows every GPU that programs can use as a file in `dev`, the folder `/dev`.
pub(super) fn may_have_hardware(dev: &Path) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    const GPUS: [&str; 7] = ["dri", "nvidia", "dxg", "mali", "kgsl", "pvr", "galcore"];
    let names = std::fs::read_dir(dev).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.into_string().ok()).any(|name| GPUS.iter().any(|gpu| name.starts_with(gpu)))
}

fn describe(index: usize, adapter: wgpu::Adapter) -> FoundAdapter {
    let about = adapter.get_info();
    let limits = adapter.limits();
    let driver = format!("{} {}", about.driver, about.driver_info).trim().to_owned();
    let info = DeviceInfo {
        name: format!("gpu:{index}"),
        // Browsers may keep the name to themselves.
        description: if about.name.is_empty() { "a GPU without a name".to_owned() } else { about.name },
        backend: about.backend.to_string().to_lowercase(),
        driver,
        hardware: about.device_type != wgpu::DeviceType::Cpu,
        limits: Some(AdapterLimits {
            buffer_bytes: limits.max_buffer_size,
            binding_bytes: limits.max_storage_buffer_binding_size,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            invocations: limits.max_compute_invocations_per_workgroup,
            timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        }),
    };
    FoundAdapter { adapter, info, device_type: about.device_type }
}

/// Ranks discrete adapters before integrated ones, and these before virtual and unknown ones; software has no rank.
fn rank(device_type: wgpu::DeviceType) -> Option<u8> {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => Some(0),
        wgpu::DeviceType::IntegratedGpu => Some(1),
        wgpu::DeviceType::VirtualGpu => Some(2),
        wgpu::DeviceType::Other => Some(3),
        wgpu::DeviceType::Cpu => None,
    }
}

/// Returns the hardware adapters, best first, with those of OpenGL after all others.
pub(super) fn hardware() -> impl Iterator<Item = &'static FoundAdapter> {
    let ranked = |found: &'static [FoundAdapter]| {
        let mut ranked: Vec<_> =
            found.iter().filter_map(|found| rank(found.device_type).map(|rank| (rank, found))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, found)| found)
    };
    ranked(native()).chain(std::iter::once_with(move || ranked(gl())).flatten())
}

/// Returns the adapter with that index, or else the first one whose description or driver contains `which` in any case.
pub(super) fn find(which: &str) -> Option<&'static FoundAdapter> {
    if let Ok(index) = which.parse::<usize>() {
        return all().nth(index);
    }
    let which = which.to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&which);
    all().find(|found| !which.is_empty() && (fits(&found.info.description) || fits(&found.info.driver)))
}

impl FoundAdapter {
    /// Returns the adapter to open. In a browser an adapter makes one device only, so another one of it is requested.
    fn to_open(&self) -> wgpu::Adapter {
        let again = if cfg!(target_family = "wasm") { request(wgpu::Backends::all()).into_iter().next() } else { None };
        again.unwrap_or_else(|| self.adapter.clone())
    }

    /// Opens a device with the limits that the kernels need, and no higher ones.
    ///
    /// # Errors
    /// [`ErrorKind::NoAdapter`] where a limit is too small or the driver refuses.
    pub(super) fn open(&self) -> Result<Context> {
        // A driver of OpenGL may offer compute shaders of a version that lacks what all kernels need.
        let is_gl = self.info.backend == wgpu::Backend::Gl.to_string();
        self.open_and_try(is_gl.then(|| Kernel::Count.source()).as_deref())
    }

    /// Does the same, and compiles a shader, if there is one, to see whether the device can.
    pub(super) fn open_and_try(&self, shader: Option<&str>) -> Result<Context> {
        let has = self.adapter.limits();
        let refuse = |reason: String| -> crate::Error {
            let Self { info, .. } = self;
            ErrorKind::NoAdapter { reason: format!("{} ({}): {reason}", info.name, info.description) }.into()
        };
        let compute = self.adapter.get_downlevel_capabilities().flags;
        if !compute.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
            return Err(refuse("it has no compute shaders".into()));
        }
        let binding = has.max_storage_buffer_binding_size.min(has.max_buffer_size).min(MOST_BINDING) & !255;
        let Needs { invocations, storage_buffers, workgroup_bytes } = NEEDS;
        let needs = [
            ("invocations per workgroup", has.max_compute_invocations_per_workgroup.into(), u64::from(invocations)),
            ("invocations along x", has.max_compute_workgroup_size_x.into(), invocations.into()),
            ("bytes of workgroup memory", has.max_compute_workgroup_storage_size.into(), workgroup_bytes.into()),
            ("storage buffers per stage", has.max_storage_buffers_per_shader_stage.into(), storage_buffers.into()),
            ("bytes per storage binding", binding, LEAST_BINDING),
            ("workgroups per dimension", u64::from(has.max_compute_workgroups_per_dimension), 65_535),
        ];
        for (what, has, needs) in needs {
            if has < needs {
                return Err(refuse(format!("it has {has} {what}, the kernels need {needs}")));
            }
        }
        let (cooperative, features, experimental_features) = cooperative(&self.adapter);
        let required_limits = wgpu::Limits {
            max_compute_invocations_per_workgroup: invocations,
            max_compute_workgroup_size_x: invocations,
            max_compute_workgroup_size_y: 1,
            max_compute_workgroup_size_z: 1,
            max_compute_workgroup_storage_size: if cooperative || cfg!(test) {
                workgroup_bytes.max(MATRIX_WORKGROUP_BYTES).min(has.max_compute_workgroup_storage_size)
            } else {
                workgroup_bytes
            },
            max_compute_workgroups_per_dimension: 65_535,
            max_storage_buffers_per_shader_stage: storage_buffers,
            max_storage_buffer_binding_size: binding,
            max_buffer_size: binding.max(LEAST_BINDING),
            ..wgpu::Limits::downlevel_webgl2_defaults()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("semid"),
            required_features: self.adapter.features() & wgpu::Features::TIMESTAMP_QUERY | features,
            required_limits,
            experimental_features,
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        };
        let opened = wait::for_future(self.to_open().request_device(&descriptor));
        let (device, queue) = opened.map_err(|error| refuse(error.to_string()))?;
        let context = Context::new(&self.info, device, queue, binding, cooperative)?;
        match shader.map(|shader| context.try_shader(shader)) {
            Some(Err(error)) => Err(refuse(format!("it compiles no compute shader: {error}"))),
            _ => Ok(context),
        }
    }
}

/// Returns whether an adapter has cooperative matrices of signed bytes, and what its device needs for them.
#[cfg(feature = "tensor-cores")]
fn cooperative(adapter: &wgpu::Adapter) -> (bool, wgpu::Features, wgpu::ExperimentalFeatures) {
    if super::cooperative::is_offered(adapter) {
        // SAFETY: of what wgpu calls experimental only cooperative matrices are used, by one kernel, whose results the
        // tests compare with the twin.
        return (true, super::cooperative::FEATURES, unsafe { wgpu::ExperimentalFeatures::enabled() });
    }
    (false, wgpu::Features::empty(), wgpu::ExperimentalFeatures::disabled())
}

#[cfg(not(feature = "tensor-cores"))]
fn cooperative(_: &wgpu::Adapter) -> (bool, wgpu::Features, wgpu::ExperimentalFeatures) {
    (false, wgpu::Features::empty(), wgpu::ExperimentalFeatures::disabled())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_files_of_gpus_has_none() {
        let dev = tempfile::tempdir().unwrap();
        std::fs::write(dev.path().join("null"), "").unwrap();
        assert!(!may_have_hardware(dev.path()));
        std::fs::create_dir(dev.path().join("dri")).unwrap();
        assert!(may_have_hardware(dev.path()));
        let dev = tempfile::tempdir().unwrap();
        std::fs::write(dev.path().join("nvidia0"), "").unwrap();
        assert!(may_have_hardware(dev.path()));
    }
}
