//! An opened device with its pipelines; every failure becomes a typed error.

#[cfg(feature = "tensor-cores")]
use super::cooperative;
use super::failure::{Failure, one_line};
use super::filter::Filter;
use super::kernel::Kernel;
use super::lock::lock;
use super::pools::{ReadBacks, Uploads};
use super::tile::Tiles;
#[cfg(test)]
use super::tile::{Tile, Wanted};
use super::timer::Timer;
use super::traffic::Traffic;
use super::wait;
use crate::clock::Instant;
use crate::device::DeviceInfo;
use crate::error::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use wgpu::BufferUsages;

/// The least and the most work of a dispatch, in products: enough to keep a small GPU busy, and enough to fill a large
/// one.
const LEAST_WORK: f64 = (1_u64 << 28) as f64;
const MOST_WORK: f64 = (1_u64 << 38) as f64;
/// The work of a dispatch before any has been measured: some 100 ms on a slow integrated GPU.
const FIRST_WORK: u64 = 1 << 34;
/// Work below this says more about the cost of a submission than about the device.
const LEAST_TO_LEARN: f64 = (1_u64 << 30) as f64;
/// How long a dispatch should take; systems reset a device that is busy for a second or two.
const DISPATCH_SECONDS: f64 = 0.05;

/// A compiled kernel, with the layout of what is bound to it.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) compute: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

/// A device with its queue and pipelines, which the tables on it share.
pub(super) struct Context {
    pub(super) name: String,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    /// How many bytes one buffer, and one storage binding, may have.
    pub(super) binding: u64,
    /// How many products, or operations that take as long, a dispatch may hold.
    dispatch_work: AtomicU64,
    /// What is known of the variants of the filters.
    pub(super) tiles: Tiles,
    /// The filter that `SEMID_GPU_FILTER` chooses, or its value where that names no filter: an error once the device is
    /// to compute.
    pub(super) filter: std::result::Result<Option<Filter>, String>,
    failure: Failure,
    pipelines: Mutex<HashMap<Kernel, Pipeline>>,
    /// The epoch of the next read-back on the device; the lock is held from writing it until the submission.
    pub(super) epoch_word: Mutex<wgpu::Buffer>,
    pub(super) epoch: AtomicU32,
    pub(super) timer: Option<Timer>,
    pub(super) traffic: Traffic,
    pub(super) uploads: Uploads,
    pub(super) read_backs: ReadBacks,
    checked: bool,
    /// Whether the device multiplies cooperative matrices of signed bytes.
    pub(super) cooperative: bool,
}

impl Context {
    pub(super) fn new(
        info: &DeviceInfo,
        device: wgpu::Device,
        queue: wgpu::Queue,
        binding: u64,
        cooperative: bool,
    ) -> Result<Self> {
        let failure = Failure::watch(&info.name, &device);
        let timer = Timer::new(&device, &queue);
        let epoch_word = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("epoch"),
            size: 4,
            usage: BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let context = Self {
            name: info.name.clone(),
            device,
            queue,
            binding,
            dispatch_work: AtomicU64::new(if info.hardware { FIRST_WORK } else { LEAST_WORK as u64 }),
            tiles: Tiles::new(info),
            filter: Filter::chosen(),
            failure,
            pipelines: Mutex::default(),
            epoch_word: Mutex::new(epoch_word),
            epoch: AtomicU32::new(1),
            timer,
            traffic: Traffic::default(),
            uploads: Uploads::default(),
            read_backs: ReadBacks::default(),
            checked: false,
            cooperative,
        };
        context.check()?;
        Ok(context)
    }

    /// Returns the same device with shaders that check every index, with another tile of `assign`, and with
    /// bindings and dispatches so small that small tables are divided.
    #[cfg(test)]
    pub(super) fn for_tests(mut self, binding: u64, dispatch_work: u64) -> Self {
        self.checked = true;
        self.tiles.wanted = Ok(Wanted::Tile(Tile::Sized { wide_rows: false, wide_codes: true }));
        Self { binding, dispatch_work: AtomicU64::new(dispatch_work), ..self }
    }

    /// Returns the kernels that were compiled so far.
    #[cfg(test)]
    pub(super) fn compiled(&self) -> std::collections::HashSet<Kernel> {
        lock(&self.pipelines).keys().copied().collect()
    }

    /// Makes `source` the text of `kernel` from now on.
    #[cfg(test)]
    pub(super) fn plant(&self, kernel: Kernel, source: &str) -> Result<()> {
        let pipeline = self.scoped(kernel.name(), 0, || self.build(kernel.name(), source, &kernel.constants()))?;
        lock(&self.pipelines).insert(kernel, pipeline);
        Ok(())
    }

    /// Loses the device, as a driver reset does.
    #[cfg(test)]
    pub(super) fn destroy(&self) {
        self.device.destroy();
    }

    pub(super) fn failed(&self, reason: impl Into<String>) -> Error {
        self.failure.because(reason)
    }

    /// Returns an error if anything has gone wrong on this device so far.
    pub(super) fn check(&self) -> Result<()> {
        self.failure.check()
    }

    /// Waits until a submission is done.
    pub(super) fn wait(&self, index: wgpu::SubmissionIndex) -> Result<()> {
        wait::for_submission(&self.device, &self.queue, index, &self.failure)
    }

    /// Runs `make`; reports an out-of-memory error as such, and any other error as a failure of the device.
    pub(super) fn scoped<T>(&self, what: &str, bytes: u64, make: impl FnOnce() -> T) -> Result<T> {
        self.check()?;
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let made = make();
        // All are asked before the first answer is awaited.
        let (memory, validation, internal) = (memory.pop(), validation.pop(), internal.pop());
        let (memory, validation, internal) =
            (wait::for_future(memory), wait::for_future(validation), wait::for_future(internal));
        if memory.is_some() {
            return Err(ErrorKind::OutOfMemory { what: format!("{what} on {}", self.name), bytes }.into());
        }
        if let Some(error) = validation.or(internal) {
            return Err(self.failed(format!("{what}: {}", one_line(&error.to_string()))));
        }
        self.check()?;
        Ok(made)
    }

    /// Returns how many products, or operations that take as long, a dispatch may hold.
    pub(super) fn dispatch_work(&self) -> u64 {
        self.dispatch_work.load(Ordering::Relaxed)
    }

    /// Learns how much work a dispatch may hold from `work` that was done since `start`. Only durations depend on it.
    pub(super) fn learn(&self, work: f64, start: Instant) {
        if work >= LEAST_TO_LEARN {
            let per_dispatch = work / start.elapsed().as_secs_f64().max(1e-6) * DISPATCH_SECONDS;
            self.dispatch_work.store(per_dispatch.clamp(LEAST_WORK, MOST_WORK) as u64, Ordering::Relaxed);
        }
    }

    /// Returns a kernel, which is compiled at the first call.
    pub(super) fn pipeline(&self, kernel: Kernel) -> Result<Pipeline> {
        if let Some(pipeline) = lock(&self.pipelines).get(&kernel) {
            return Ok(pipeline.clone());
        }
        let pipeline = match kernel {
            #[cfg(feature = "tensor-cores")]
            Kernel::AssignMatrix => self.build_cooperative(kernel)?,
            _ => self.scoped(kernel.name(), 0, || self.build(kernel.name(), &kernel.source(), &kernel.constants()))?,
        };
        lock(&self.pipelines).insert(kernel, pipeline.clone());
        Ok(pipeline)
    }

    /// Builds a kernel of cooperative matrices.
    #[cfg(feature = "tensor-cores")]
    fn build_cooperative(&self, kernel: Kernel) -> Result<Pipeline> {
        let name = kernel.name();
        let failed = |text: String| self.failed(format!("{name}: {}", one_line(&text)));
        let words = cooperative::spirv(&kernel.source()).map_err(failed)?;
        let compute = self.scoped(name, 0, || cooperative::pipeline(&self.device, name, words))?;
        Ok(Pipeline { layout: compute.get_bind_group_layout(0), compute })
    }

    /// Compiles kernels at the same time: when they are needed, they would be compiled one after the other.
    pub(super) fn prepare(&self, kernels: &[Kernel]) -> Result<()> {
        kernels.par_iter().try_for_each(|kernel| self.pipeline(*kernel).map(drop))
    }

    /// Compiles a shader without constants, and uses it for nothing.
    pub(super) fn try_shader(&self, source: &str) -> Result<()> {
        self.scoped("a shader", 0, || self.build("a shader", source, &[])).map(drop)
    }

    fn build(&self, name: &str, source: &str, constants: &[(&str, f64)]) -> Pipeline {
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some(name), source: wgpu::ShaderSource::Wgsl(source.into()) };
        let module = match self.checked {
            true => self.device.create_shader_module(descriptor),
            // SAFETY: the shaders are those of this crate. Every index is below a bound that the host took from the
            // shapes for which it made the buffers: rows from `first` are below `end`, components below `width`,
            // codewords below `clusters` (codes are compared with it; `update` has a workgroup for each of them; codes
            // of all levels are those that `number_codes` wrote, or the host, for every row), listed rows below the
            // length of the list (no list is longer than its chunk, nor are two at the ends of one buffer together),
            // pieces below `most_pieces` (whole ones, and one for the rest of each cluster), elements below `end`,
            // vectors and values below `count` or `padded`, random words below their number. Every loop runs to such a
            // bound. The tests run the same kernels with the checks on, and get the same results.
            false => unsafe {
                self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
            },
        };
        let compute = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            // No kernel reads workgroup memory before writing it, except for values that it then ignores.
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        Pipeline { layout: compute.get_bind_group_layout(0), compute }
    }
}
