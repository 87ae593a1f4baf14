//! Devices: engines that run the kernels, all with the same result.
//!
//! An `Engine` makes a `Table`, which holds N residual rows where the engine computes, and one code per row. The host
//! code of `rq/` drives tables and does not know how they work.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "no_gpu.rs"]
mod gpu;
mod host;
mod lloyd;
mod machine;
mod range_search;
mod reference;
mod seeding;
#[cfg(test)]
mod seeding_cases;
mod several;
pub(crate) mod tensors;
#[cfg(test)]
mod tests;

#[cfg(all(feature = "gpu", target_family = "wasm"))]
pub use gpu::wait::{Waiting, wait_with};

use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result};
use crate::grid::{self, Grid};
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;
pub(crate) use lloyd::{Iteration, Lloyd};
pub(crate) use machine::usable_memory;
pub(crate) use seeding::{MAX_VALUES, Seeding};
use std::fmt;
use std::sync::Arc;
use tensors::Tensors;

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

/// A description of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The name that selects the device: `reference`, `cpu`, `cpu:UNIT` or `gpu:N`.
    pub name: String,
    /// The adapter or processor, as its driver names it.
    pub description: String,
    /// `scalar`, `simd`, or the graphics API: `vulkan`, `metal`, `dx12`, `gl`.
    pub backend: String,
    /// The driver and its version; empty for a device without a driver.
    pub driver: String,
    /// Whether the device is real hardware (a GPU, or the processor itself) and not an adapter emulated in software.
    pub hardware: bool,
    /// The limits of an adapter; none for the CPU.
    pub limits: Option<AdapterLimits>,
}

/// The limits of an adapter that decide how rows are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdapterLimits {
    /// Bytes that one buffer may have.
    pub buffer_bytes: u64,
    /// Bytes that a kernel can address in one buffer.
    pub binding_bytes: u64,
    /// Buffers that a kernel can use at once.
    pub storage_buffers: u32,
    /// Bytes of memory that the invocations of a workgroup share.
    pub workgroup_bytes: u32,
    /// Invocations that a workgroup may have.
    pub invocations: u32,
    /// Whether the time of kernels can be measured.
    pub timestamps: bool,
}

/// The time that a kernel took on the device, see [`Device::kernel_times`].
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KernelTime {
    /// The name of the kernel.
    pub name: &'static str,
    /// Seconds, summed over all dispatches.
    pub seconds: f64,
    /// Number of dispatches.
    pub dispatches: u64,
}

/// What the filter of assignments did on the CPU, see [`Device::filter_counts`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FilterCounts {
    /// The number of rows whose scores against all codewords were computed.
    pub scored: u64,
    /// The number of these rows for which several codewords stayed open, which distances then settled.
    pub undecided: u64,
    /// The number of codewords that stayed open, for all of these rows together.
    pub candidates: u64,
    /// The number of rows that a few codewords near them decided, because an earlier assignment excludes all others.
    pub listed: u64,
    /// The seconds for scores, of all threads together.
    pub scoring_seconds: f64,
    /// The seconds for comparing rows with a few codewords, of all threads together.
    pub listing_seconds: f64,
    /// The seconds for assignments, of all threads together, including those for scores.
    pub assigning_seconds: f64,
}

/// What passed between the host and a device, see [`Device::transfer_counts`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferCounts {
    /// The number of submissions of commands; an empty one that starts uploads counts too.
    pub submissions: u64,
    /// The number of read-backs, each of which the host waits for.
    pub read_backs: u64,
    /// The bytes of these read-backs.
    pub read_bytes: u64,
    /// The bytes that the host wrote: rows, codewords, lists and parameters.
    pub written_bytes: u64,
}

/// The fastest variant of a filter on an adapter, see [`Device::tile_choices`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TileChoice {
    /// The most rows of the tables for which it was measured; above the largest class there is no limit.
    pub rows: usize,
    /// The most dimensions.
    pub dim: usize,
    /// The most codewords.
    pub clusters: usize,
    /// The numbers that the filter multiplies, and how many rows and codewords a workgroup takes at a time: `f32
    /// 128x64`.
    pub variant: String,
    /// The seconds of an assignment of the rows that were timed; of different classes, these are different rows.
    pub seconds: f64,
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
    /// integers of so many bits, and `cpu:f32` multiplies f32, whether or not that is faster. `cpu:portable` uses only
    /// vector instructions that every processor of the architecture has.
    ///
    /// The environment variable `SEMID_GPU_FILTER` (`f32` or `8bit`) chooses the numbers that the filter of a GPU
    /// multiplies; without it they are f32, or what was measured to be faster ([`Device::tile_choices`]). If it has
    /// another value, all work with rows on a GPU fails with [`ErrorKind::UnknownGpuFilter`].
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
    /// Once assignments of a shape have taken a second, a hardware GPU times its variants, for some tenths of a second.
    /// It remembers them in a file in the user's cache folder (`semid/gpu-tiles.json`), by adapter, driver and version
    /// of this library. No variant changes a result, so whatever the file says only costs time. The environment
    /// variable `SEMID_GPU_TILE` chooses the tile instead (`64x64`, `64x128`, `128x64` or `128x128`, rows x codewords);
    /// `measured` has variants timed at the first assignment, on software adapters too. If it has another value, all
    /// work with rows on a GPU fails with [`ErrorKind::UnknownGpuTile`].
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

/// Counts of an `assign`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// Rows whose code differs from their code before.
    pub(crate) changed: u64,
    /// Rows that the filter left undecided, so that exact distances decided.
    pub(crate) settled: u64,
}

impl Assigned {
    /// Adds the counts of two different sets of rows.
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { changed: self.changed + other.changed, settled: self.settled + other.settled }
    }
}

/// The use that a table is made for; engines may prepare for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The same rows are assigned repeatedly, to codewords that move little by little.
    Fit,
    /// Rows are assigned once per level.
    Encode,
}

/// An implementation of all kernels on some hardware.
pub(crate) trait Engine: Send + Sync {
    fn info(&self) -> &DeviceInfo;

    /// Makes a table of `rows` rows of `dim` grid values (1 ..= [`MAX_DIM`](crate::rq::MAX_DIM)), which are zero until
    /// they are uploaded.
    fn table(&self, rows: usize, dim: usize, purpose: Purpose) -> Result<Box<dyn Table>>;

    /// Makes a store for the matrices of a network.
    fn tensors(&self) -> Result<Box<dyn Tensors>>;

    /// Prepares codebooks, each with whether its level scales residuals to unit length, to encode a few rows at a time;
    /// returns none where the engine has nothing better than a table.
    fn few_rows(&self, levels: &[(&Codebook, bool)]) -> Result<Option<Box<dyn FewRows>>> {
        let _ = levels;
        Ok(None)
    }

    /// Returns how many rows `encode` should hand over at a time.
    fn chunk_rows(&self, dim: usize) -> usize;

    /// Does the same as [`Grid::quantize`], on as many threads as the engine uses.
    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        grid.quantize(rows, out)
    }

    /// Does the same as [`grid::quantize_rows_alone`], on as many threads as the engine uses.
    fn quantize_rows_alone(&self, rows: &[f32], dim: usize, out: &mut [i32]) {
        grid::quantize_rows_alone(rows, dim, out);
    }

    /// Runs work of many small steps from one of the engine's own threads, if it has any: a step from another thread
    /// would have to wake them first.
    fn run(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    /// Returns whether the tables of the engine may have iterations of their own, see [`Table::lloyd`].
    fn iterates(&self) -> bool {
        false
    }

    /// Switches the timing of kernels on or off; returns `false` where the engine has none.
    fn time_kernels(&self, _on: bool) -> bool {
        false
    }

    /// Returns the times since the last call.
    fn kernel_times(&self) -> Vec<KernelTime> {
        Vec::new()
    }

    /// Returns what the filter did since the last call.
    fn filter_counts(&self) -> FilterCounts {
        FilterCounts::default()
    }

    /// Prepares to encode chunks of up to [`Engine::chunk_rows`] rows by the nearest codewords of consecutive levels of
    /// one width, before which rows may be scaled to unit length; none where a table or [`FewRows`] does it.
    fn chunk_encoder(&self, _levels: &[(&Codebook, bool)]) -> Result<Option<Box<dyn ChunkEncoder>>> {
        Ok(None)
    }

    /// Returns what passed between the host and the device since the last call.
    fn transfer_counts(&self) -> TransferCounts {
        TransferCounts::default()
    }

    /// Returns which variants were measured to be the fastest.
    fn tile_choices(&self) -> Vec<TileChoice> {
        Vec::new()
    }
}

/// Encodes chunks of rows, of which several may be in progress: the device computes the codes of one while the host
/// prepares the next.
pub(crate) trait ChunkEncoder: Send {
    /// Begins to encode rows (n, D), which are on the grid.
    fn begin(&mut self, rows: &[i32]) -> Result<()>;

    /// Waits for the oldest chunk in progress. Returns its codes (n, L), and how many assignments exact distances
    /// settled; none where no chunk is in progress.
    fn finish(&mut self) -> Result<Option<(Vec<u32>, u64)>>;
}

/// Codebooks that are prepared to encode a few rows at a time, on the thread of the caller, or many on all threads.
pub(crate) trait FewRows: Send + Sync {
    /// Writes the codes of all levels: `rows` (n, D) are on the grid, `codes` is (n, L).
    fn encode(&mut self, rows: &[i32], codes: &mut [u32]);

    /// Does the same on all threads of the engine, for many rows; returns the number of assignments, each of one row at
    /// one level, that the filter left undecided.
    fn encode_many(&self, rows: &[i32], codes: &mut [u32]) -> u64;

    /// Returns another one with the same codebooks, for another thread.
    fn copy(&self) -> Box<dyn FewRows>;
}

/// N residual rows on a device, each with a code.
///
/// A new table has no codes, and neither has a table after `upload`, `unit_length` or `subtract`: the next `assign`
/// counts every row as changed. Each method does what the kernel of the same name does, bit for bit.
pub(crate) trait Table: Send {
    fn rows(&self) -> usize;

    fn dim(&self) -> usize;

    /// Replaces rows from `first` on; `rows` holds whole rows of grid values within 2^24.
    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()>;

    /// Returns copies of the given rows, in the given order.
    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>>;

    /// Runs `kernel::unit_length`: scales every row to the same length.
    fn unit_length(&mut self) -> Result<()>;

    /// Runs `kernel::assign`: gives every row the code of its nearest codeword.
    fn assign(&mut self, codebook: &Codebook) -> Result<Assigned>;

    /// Does the same as `assign`, then `codes`; a device may wait once instead of twice.
    fn assign_and_codes(&mut self, codebook: &Codebook, out: &mut [u32]) -> Result<Assigned> {
        let assigned = self.assign(codebook)?;
        self.codes(out)?;
        Ok(assigned)
    }

    /// Does the same as `assign`, then `sums`; a device may wait once instead of several times.
    fn assign_and_sums(&mut self, codebook: &Codebook) -> Result<(Assigned, Partial)> {
        let assigned = self.assign(codebook)?;
        Ok((assigned, self.sums(codebook.clusters())?))
    }

    /// Copies the codes to `out`, which holds one per row.
    fn codes(&mut self, out: &mut [u32]) -> Result<()>;

    /// Replaces the codes; `codes` holds one per row.
    fn set_codes(&mut self, codes: &[u32]) -> Result<()>;

    /// Runs `kernel::centroid`: returns the sums of the rows by their codes, which are all below `clusters`.
    fn sums(&mut self, clusters: usize) -> Result<Partial>;

    /// Runs `kernel::assigned_distances`: returns the squared distance of every row to the codeword of its code.
    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>>;

    /// Runs `kernel::residual`: subtracts from every row the codeword of its code, and forgets the codes.
    fn subtract(&mut self, codebook: &Codebook) -> Result<()>;

    /// Prepares iterations of Lloyd's algorithm from `codebook`, whose codewords move on the device and stay within
    /// `room`; returns none where `assign_and_sums` and a host that moves the codewords are as good. The rows keep
    /// their codes.
    fn lloyd(&mut self, codebook: &Codebook, room: i32) -> Result<Option<Box<dyn Lloyd + '_>>> {
        let _ = (codebook, room);
        Ok(None)
    }

    /// Returns up to how many rows k-means++ is faster with the distances of all pairs, which one call of
    /// `min_distances` gives, than with a step of [`Seeding`] per codeword.
    fn all_pairs(&self) -> usize {
        2048
    }

    /// Prepares k-means++ over the rows, row i counting `weights[i]` times, with distances that stay on the device;
    /// returns none where `min_distances` is as good.
    fn seeding(&mut self, weights: &[u64]) -> Result<Option<Box<dyn Seeding + '_>>> {
        let _ = weights;
        Ok(None)
    }

    /// Runs `kernel::min_distances` for points (P, D): returns P x N distances, none above `closest` of its row.
    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>>;

    /// Runs `kernel::range_search`: returns for every row the codewords whose squared distance plus price is below its
    /// limit.
    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        range_search::range_search(self, codebook, prices, limits)
    }
}
