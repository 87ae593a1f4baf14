//! Devices by name.

use crate::errors::OrRaise;
use crate::input::values;
use crate::work::abandonable;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use semid::{Device, Result, Rows};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Devices that were opened, by name and threads: opening one costs more than encoding a row.
static OPENED: Mutex<Option<HashMap<(String, usize), Device>>> = Mutex::new(None);

/// The device of that name, with so many threads if it is the CPU (0 means all cores) and so much memory.
pub(crate) fn device(name: &str, threads: usize, memory: Option<u64>) -> Result<Device> {
    let key = (name.to_owned(), threads);
    let device = match opened(&key) {
        Some(device) => device,
        None => {
            let device = match (name, threads) {
                ("cpu", threads) if threads > 0 => Device::cpu_with_threads(threads)?,
                _ => Device::named(name)?,
            };
            lock().get_or_insert_default().entry(key).or_insert(device).clone()
        }
    };
    Ok(match memory {
        Some(bytes) => device.with_memory(bytes),
        None => device,
    })
}

/// Locks the list of opened devices, never while one is opened: a driver may take seconds.
fn lock() -> MutexGuard<'static, Option<HashMap<(String, usize), Device>>> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn opened(key: &(String, usize)) -> Option<Device> {
    lock().as_ref()?.get(key).cloned()
}

/// Forgets opened devices, of which one may have been lost.
pub(crate) fn forget() {
    lock().take();
}

/// Where work is done: the name of a device, threads of the CPU, and bytes of memory that a fit may use.
#[derive(Clone, FromPyObject)]
pub(crate) struct Place(String, usize, Option<u64>);

impl Place {
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<Device> {
        let Self(name, threads, memory) = self.clone();
        let quick = !name.contains("gpu") && name != "auto";
        if quick || opened(&(name.clone(), threads)).is_some() {
            return py.detach(|| device(&name, threads, memory)).or_raise(py);
        }
        abandonable(py, move || device(&name, threads, memory))?.or_raise(py)
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
