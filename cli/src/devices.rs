//! `semid devices`

use crate::args::Common;
use crate::output::{self, Answer, Outcome};
use semid::Device;
use semid::device::{AdapterLimits, DeviceInfo, TileChoice};
use serde::Serialize;
use std::fmt::Write;

/// The output of `--json`.
#[derive(Serialize)]
struct Devices {
    /// The device that `auto` chooses here.
    auto: String,
    devices: Vec<DeviceEntry>,
}

/// One device.
#[derive(Serialize)]
struct DeviceEntry {
    name: String,
    description: String,
    backend: String,
    driver: String,
    hardware: bool,
    /// Whether the device can run all kernels.
    usable: bool,
    /// The reason why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The limits of an adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    /// The fastest variants of its filter, as far as they were measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tiles: Vec<Tile>,
}

/// The fastest variant for tables of at most these rows, dimensions and codewords.
#[derive(Serialize)]
struct Tile {
    rows: usize,
    dim: usize,
    clusters: usize,
    variant: String,
}

impl From<TileChoice> for Tile {
    fn from(TileChoice { rows, dim, clusters, variant, .. }: TileChoice) -> Self {
        Self { rows, dim, clusters, variant }
    }
}

#[derive(Serialize)]
struct Limits {
    buffer_bytes: u64,
    binding_bytes: u64,
    storage_buffers: u32,
    workgroup_bytes: u32,
    invocations: u32,
    timestamps: bool,
}

impl From<AdapterLimits> for Limits {
    fn from(limits: AdapterLimits) -> Self {
        let AdapterLimits { buffer_bytes, binding_bytes, storage_buffers, workgroup_bytes, .. } = limits;
        let AdapterLimits { invocations, timestamps, .. } = limits;
        Self { buffer_bytes, binding_bytes, storage_buffers, workgroup_bytes, invocations, timestamps }
    }
}

impl From<DeviceInfo> for DeviceEntry {
    fn from(info: DeviceInfo) -> Self {
        let (tiles, reason) = match Device::named(&info.name) {
            Ok(device) => (device.tile_choices().into_iter().map(Tile::from).collect(), None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let DeviceInfo { name, description, backend, driver, hardware, limits, .. } = info;
        let limits = limits.map(Limits::from);
        Self { name, description, backend, driver, hardware, usable: reason.is_none(), reason, limits, tiles }
    }
}

pub(crate) fn run(common: &Common) -> Outcome {
    let auto = Device::auto().info().name.clone();
    let devices = Devices { auto, devices: Device::list().into_iter().map(DeviceEntry::from).collect() };
    output::result(common.json, &devices, || text(&devices))?;
    Ok(Answer::Yes)
}

fn text(devices: &Devices) -> String {
    let mut out = String::new();
    let width = devices.devices.iter().map(|device| device.name.len()).max().unwrap_or(0);
    for device in &devices.devices {
        let DeviceEntry { name, description, backend, driver, hardware, reason, limits, tiles, .. } = device;
        let _ = write!(out, "{name:<width$}  {backend:<6}  {description}");
        if !driver.is_empty() {
            let _ = write!(out, ", {driver}");
        }
        if !hardware && name.starts_with("gpu") {
            out.push_str(" (software)");
        }
        if let Some(limits) = limits {
            let mib = |bytes: u64| bytes >> 20;
            let (binding, buffer) = (mib(limits.binding_bytes), mib(limits.buffer_bytes));
            let _ = write!(out, "\n{:width$}  up to {binding} MiB in a binding, {buffer} MiB in a buffer", "");
        }
        for Tile { rows, dim, clusters, variant } in tiles {
            let shape = format!("{rows} rows x {dim}, {clusters} codewords");
            let _ = write!(out, "\n{:width$}  fastest for up to {shape}: {variant}", "");
        }
        match reason {
            None => out.push('\n'),
            Some(reason) => {
                let _ = writeln!(out, "\n{:width$}  cannot be used: {reason}", "");
            }
        }
    }
    let _ = writeln!(out, "\nauto means {}; the choice changes the time, never the result", devices.auto);
    out
}
