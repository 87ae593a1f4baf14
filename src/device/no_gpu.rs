//! What stands in for `gpu/` in a build without the feature `gpu`: there are no adapters, and asking for one says why.

use super::{DeviceInfo, Engine};
use crate::error::{Error, Result};
use std::sync::Arc;

pub(super) fn best() -> Result<Arc<dyn Engine>> {
    Err(Error::feature("gpu", "GPUs"))
}

pub(super) fn select(_which: &str) -> Result<Arc<dyn Engine>> {
    best()
}

#[cfg(test)]
pub(super) fn select_narrow(_which: &str) -> Result<Arc<dyn Engine>> {
    best()
}

pub(super) fn list() -> Vec<DeviceInfo> {
    Vec::new()
}
