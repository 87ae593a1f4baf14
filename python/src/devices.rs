//! Devices by name.

use crate::errors::OrRaise;
use crate::input::values;
use crate::work::abandonable;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use semid::{Device, Result, Rows};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Devices that were opened: opening one costs more than encoding a row. There are a few, so a list is searched.
static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

struct Opened {
    name: String,
    threads: usize,
    device: Device,
}

/// Locks the list of opened devices, never while one is opened: a driver may take seconds.
fn lock() -> MutexGuard<'static, Vec<Opened>> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(opened: &[Opened], name: &str, threads: usize) -> Option<Device> {
    opened.iter().find(|of| of.name == name && of.threads == threads).map(|of| of.device.clone())
}

/// Forgets opened devices, of which one may have been lost.
pub(crate) fn forget() {
    lock().clear();
}

/// Opens a device and keeps it for the next call; where two threads open one at once, both get the first.
fn opened(name: String, threads: usize) -> Result<Device> {
    let device = match (name.as_str(), threads) {
        ("cpu", threads) if threads > 0 => Device::cpu_with_threads(threads)?,
        (name, _) => Device::named(name)?,
    };
    let mut all = lock();
    Ok(find(&all, &name, threads).unwrap_or_else(|| {
        all.push(Opened { name, threads, device: device.clone() });
        device
    }))
}

/// Where work is done: the name of a device, threads of the CPU (0 means all cores), and bytes of memory that a fit may
/// use.
#[derive(Clone, FromPyObject)]
pub(crate) struct Place(String, usize, Option<u64>);

impl Place {
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<Device> {
        let Self(name, threads, memory) = self;
        let known = find(&lock(), name, *threads);
        let device = match known {
            Some(device) => device,
            None => {
                let (name, threads) = (name.clone(), *threads);
                match name.contains("gpu") || name == "auto" {
                    true => abandonable(py, move || opened(name, threads))?,
                    false => py.detach(move || opened(name, threads)),
                }
                .or_raise(py)?
            }
        };
        Ok(match memory {
            Some(bytes) => device.with_memory(*bytes),
            None => device,
        })
    }
}

/// The values of rows as a measure of how long work on them takes: the most for a GPU, whose driver compiles kernels
/// first.
pub(crate) fn values_on(device: &Device, rows: &dyn Rows) -> usize {
    if device.info().name.contains("gpu") { usize::MAX } else { values(rows) }
}

/// Lists the devices of this machine.
#[pyfunction]
pub(crate) fn devices(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for info in abandonable(py, Device::list)? {
        let entry = PyDict::new(py);
        entry.set_item("name", info.name)?;
        entry.set_item("description", info.description)?;
        entry.set_item("backend", info.backend)?;
        entry.set_item("driver", info.driver)?;
        entry.set_item("hardware", info.hardware)?;
        list.append(entry)?;
    }
    Ok(list)
}
