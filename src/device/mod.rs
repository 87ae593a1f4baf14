//! Devices: engines that run the kernels, all with the same result.
//!
//! An `Engine` makes a `Table`, which holds N residual rows where the engine computes, and one code per row. The host
//! code of `rq/` drives tables and does not know how they work.

mod cpu;
mod engine;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "no_gpu.rs"]
mod gpu;
mod host;
mod info;
mod iteration;
mod machine;
mod quantize;
mod range_search;
mod reference;
mod seeding;
#[cfg(test)]
mod seeding_cases;
mod several;
mod table;
pub(crate) mod tensors;
#[cfg(test)]
pub(crate) mod tests;

#[cfg(all(feature = "gpu", target_family = "wasm"))]
pub use gpu::wait::{Waiting, wait_with};

use crate::error::{ErrorKind, Result};
pub(crate) use engine::{ChunkEncoder, Encoded, Engine, FewRows, Purpose};
pub use info::{AdapterLimits, DeviceInfo, FilterCounts, KernelTime, TileChoice, TransferCounts};
pub(crate) use iteration::{AssignCounts, Iteration};
pub(crate) use machine::usable_memory;
pub(crate) use seeding::{MAX_VALUES, Seeding};
use std::fmt;
use std::sync::Arc;
pub(crate) use table::{Lloyd, Table};

/// The place where `fit` and `encode` run. The choice changes how long they take, but no bit of the result.
///
/// ```
/// use semid::Device;
///
/// let device = Device::cpu();
/// assert_eq!(device.info().name, "cpu");
/// ```
#[derive(Clone)]
pub struct Device {
    engine: Arc<dyn Engine>,
    memory: Option<u64>,
}

impl Device {
    /// Whether this is the same device, opened once.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.engine, &other.engine)
    }

    /// Returns the best hardware GPU that can run the kernels; the CPU if there is none, or if the build lacks the
    /// feature `gpu`.
    ///
    /// On Linux no driver is loaded if the kernel shows no GPU in `/dev`; the call then costs no more than
    /// [`Device::cpu`]. Otherwise drivers take memory of their own, tens of MB, and some write to the standard error of
    /// the process: Mesa's Vulkan layer complains if `XDG_RUNTIME_DIR` is not set, as in containers and services. A
    /// library cannot prevent this without changing the environment of the whole process. Set `XDG_RUNTIME_DIR`, or
    /// `NODEVICE_SELECT=1`, before the program starts; the command line tool does so for itself.
    pub fn auto() -> Self {
        gpu::best().map_or_else(|_| Self::cpu(), Self::of)
    }

    /// Returns the scalar, single-threaded reference: the specification in code, slow on purpose.
    pub fn reference() -> Self {
        Self::of(Arc::new(reference::Reference::new()))
    }

    /// Returns the CPU with all its cores and its fastest vector instructions.
    ///
    /// The environment variable `SEMID_SIMD` (`avx512vnni`, `avxvnni`, `avx512`, `avx2`, `neon`, `simd128` or
    /// `portable`) chooses other vector instructions, for tests and measurements. If its value names instructions that
    /// this processor does not have, all work on the device fails with [`ErrorKind::UnknownSimd`].
    pub fn cpu() -> Self {
        // Without a thread count the engine runs on rayon's global pool, and nothing can fail.
        Self::of(Arc::new(cpu::Cpu::new()))
    }

    /// Returns the CPU with a fixed number of threads; 0 means all cores.
    ///
    /// # Errors
    /// [`ErrorKind::Device`] where the threads cannot be started, [`ErrorKind::UnknownSimd`] as for [`Device::named`].
    pub fn cpu_with_threads(threads: usize) -> Result<Self> {
        Ok(Self::of(Arc::new(cpu::Cpu::with_threads(threads)?)))
    }

    fn of(engine: Arc<dyn Engine>) -> Self {
        Self { engine, memory: None }
    }

    /// Joins several devices to one: `first` and the `others` each get an equal part of the rows and work at the same
    /// time. Only `first` trains networks.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..4000).map(|i| ((i * 37) % 101) as f32).collect();
    /// let rows = Matrix::new(&values, 4)?;
    /// let both = Device::several(Device::cpu(), [Device::reference()]);
    /// assert_eq!(both.info().name, "cpu,reference");
    /// assert_eq!(RqKMeans::new(2, 8).fit(&rows, &both)?, RqKMeans::new(2, 8).fit(&rows, &Device::cpu())?);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn several(first: Device, others: impl IntoIterator<Item = Device>) -> Self {
        let others: Vec<Device> = others.into_iter().collect();
        if others.is_empty() { first } else { Self::of(Arc::new(several::Several::new(first, others))) }
    }

    /// Returns the same device with a limit on the memory of a fit, in bytes, which includes the rows; without this
    /// call the limit is the memory that the machine has left. A fit whose rows need more memory reads them again for
    /// every pass over them, with the same result.
    ///
    /// ```
    /// use semid::Device;
    ///
    /// assert_eq!(Device::cpu().with_memory(2 << 30).memory(), Some(2 << 30));
    /// ```
    pub fn with_memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// Returns how many bytes a fit may use; none where that is not limited.
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Returns how many bytes a fit that needs `needed` may use; asks the machine only where that is much.
    pub(crate) fn memory_for(&self, needed: u64) -> Option<u64> {
        const MANY: u64 = 256 << 20;
        self.memory.or_else(|| if needed < MANY { None } else { usable_memory() })
    }

    /// Returns the device of that name: `auto`, `reference`, `cpu`, `gpu` (the best hardware adapter), `gpu:N` (by
    /// index in [`Device::list`]), `gpu:NAME` (an adapter whose description contains NAME, in any case), or several of
    /// these names with commas between, see [`Device::several`].
    ///
    /// `cpu` multiplies in the fastest way that this processor has. `cpu:8bit` and `cpu:16bit` multiply
    /// integers of 8 and 16 bits, and `cpu:f32` multiplies f32, whether or not that is faster. `cpu:portable` uses only
    /// vector instructions that every processor of the architecture has.
    ///
    /// The environment variable `SEMID_GPU_FILTER` (`f32` or `8bit`) chooses the numbers that the filter of a GPU
    /// multiplies; without it they are bytes (f32 on Metal and in browsers), or what was measured to be faster
    /// ([`Device::tile_choices`]). If it has another value, all work with rows on a GPU fails with
    /// [`ErrorKind::UnknownGpuFilter`].
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDevice`] for a name that fits no device, [`ErrorKind::NoAdapter`] where no adapter can run
    /// the kernels, [`ErrorKind::Feature`] for a GPU in a build without the feature `gpu`, [`ErrorKind::UnknownSimd`]
    /// for a CPU where `SEMID_SIMD` names no instructions of this processor.
    pub fn named(name: &str) -> Result<Self> {
        if let Some((first, others)) = name.split_once(',') {
            let others: Result<Vec<Self>> = others.split(',').map(Self::named).collect();
            return Ok(Self::several(Self::named(first)?, others?));
        }
        match name {
            "auto" => Ok(Self::auto()),
            "reference" => Ok(Self::reference()),
            "cpu" => Ok(Self::of(Arc::new(cpu::Cpu::fastest()?))),
            "gpu" => Ok(Self::of(gpu::best()?)),
            _ => match name.split_once(':') {
                Some(("gpu", which)) => Ok(Self::of(gpu::select(which)?)),
                Some(("cpu", which)) => match cpu::Cpu::named(which) {
                    Some(cpu) => Ok(Self::of(Arc::new(cpu?))),
                    None => Err(unknown(name)),
                },
                _ => Err(unknown(name)),
            },
        }
    }

    /// Lists the devices of this machine, with the adapters in the order of their index; opens none of them.
    pub fn list() -> Vec<DeviceInfo> {
        let mut all = vec![Self::reference().info().clone(), Self::cpu().info().clone()];
        let units = cpu::Unit::NAMES.iter().filter_map(|name| cpu::Cpu::named(name)?.ok());
        all.extend(units.map(|cpu| cpu.info().clone()));
        all.extend(gpu::list());
        all
    }

    /// Returns the description of this device.
    pub fn info(&self) -> &DeviceInfo {
        self.engine.info()
    }

    /// Switches the timing of kernels on or off, for benchmarks; returns `false` where the device cannot time them.
    #[doc(hidden)]
    pub fn time_kernels(&self, on: bool) -> bool {
        self.engine.time_kernels(on)
    }

    /// Returns the times since the last call.
    #[doc(hidden)]
    pub fn kernel_times(&self) -> Vec<KernelTime> {
        self.engine.kernel_times()
    }

    /// Returns what the filter did since the last call; zeros for devices that do not count it.
    #[doc(hidden)]
    pub fn filter_counts(&self) -> FilterCounts {
        self.engine.filter_counts()
    }

    /// Returns what passed between the host and the device since the last call; zeros for devices without memory of
    /// their own.
    #[doc(hidden)]
    pub fn transfer_counts(&self) -> TransferCounts {
        self.engine.transfer_counts()
    }

    /// Returns which variants of its filter were measured to be the fastest on a GPU, by shapes of tables; nothing for
    /// other devices, and before anything was measured.
    ///
    /// Once assignments of a shape have taken a fifth of a second, a hardware GPU times its variants, for some tenths
    /// of a second. It remembers them in a file in the user's cache folder (`semid/gpu-tiles.json`), by adapter, driver
    /// and version of this library. No variant changes a result, so whatever the file says only costs time. The
    /// environment variable `SEMID_GPU_TILE` chooses the tile instead (`64x64`, `64x128`, `128x64` or `128x128`, rows x
    /// codewords; `streamed` for codewords that each row meets by itself, as on software adapters; `cooperative` for
    /// matrices, in a build with the feature `tensor-cores`); `measured` has variants timed at the first assignment, on
    /// software adapters too. If it has another value, all work with rows on a GPU fails with
    /// [`ErrorKind::UnknownGpuTile`].
    pub fn tile_choices(&self) -> Vec<TileChoice> {
        self.engine.tile_choices()
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(self.info()).finish()
    }
}

fn unknown(name: &str) -> crate::Error {
    let mut available = vec!["auto".to_owned(), "reference".into(), "cpu".into()];
    available.extend(cpu::Unit::NAMES.map(|name| format!("cpu:{name}")));
    available.extend(gpu::list().into_iter().map(|info| format!("{} ({})", info.name, info.description)));
    ErrorKind::UnknownDevice { name: name.to_owned(), available: available.join(", ") }.into()
}

/// The code of a row that has none; a model has at most 65,536 codewords.
const NO_CODE: u32 = u32::MAX;
