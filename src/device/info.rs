//! What a device is, and what it counts.

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

/// The time that a kernel took on the device, see [`Device::kernel_times`](super::Device::kernel_times).
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

/// What the filter of assignments and range searches did on the CPU, see
/// [`Device::filter_counts`](super::Device::filter_counts).
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FilterCounts {
    /// The number of rows whose scores against all codewords were computed.
    pub scored: u64,
    /// The number of products of two components that these scores took.
    pub products: u64,
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

/// What passed between the host and a device, see [`Device::transfer_counts`](super::Device::transfer_counts).
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

/// The fastest variant of a filter on an adapter, see [`Device::tile_choices`](super::Device::tile_choices).
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
