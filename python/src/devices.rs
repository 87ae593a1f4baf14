//! Devices by name.

use crate::errors::OrRaise;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use semid::{Device, Result};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Devices that were opened, by name and threads: opening one costs more than encoding a row.
static OPENED: Mutex<Option<HashMap<(String, usize), Device>>> = Mutex::new(None);

/// The device of that name, with so many threads if it is the CPU (0 means all cores) and so much memory.
pub(crate) fn device(name: &str, threads: usize, memory: Option<u64>) -> Result<Device> {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.get_or_insert_default();
    let key = (name.to_owned(), threads);
    let device = match opened.get(&key) {
        Some(device) => device.clone(),
        None => {
            let device = match (name, threads) {
                ("cpu", threads) if threads > 0 => Device::cpu_with_threads(threads)?,
                _ => Device::named(name)?,
            };
            opened.insert(key, device.clone());
            device
        }
    };
    Ok(match memory {
        Some(bytes) => device.with_memory(bytes),
        None => device,
    })
}

/// Forgets opened devices, of which one may have been lost.
pub(crate) fn forget() {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// Where work is done: the name of a device, threads of the CPU, and bytes of memory that a fit may use.
#[derive(FromPyObject)]
pub(crate) struct Place(String, usize, Option<u64>);

impl Place {
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<Device> {
        let Self(name, threads, memory) = self;
        py.detach(|| device(name, *threads, *memory)).or_raise(py)
    }
}

/// Lists the devices of this machine.
#[pyfunction]
pub(crate) fn devices(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for info in py.detach(Device::list) {
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
