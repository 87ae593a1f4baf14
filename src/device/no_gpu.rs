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
pub(super) fn select_wide(_which: &str) -> Result<Arc<dyn Engine>> {
    best()
}

pub(super) fn list() -> Vec<DeviceInfo> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::{Device, ErrorKind};

    #[test]
    fn gpus_name_the_feature_that_is_left_out() {
        for name in ["gpu", "gpu:0", "gpu:llvmpipe"] {
            let error = Device::named(name).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Feature { feature: "gpu", .. }), "{error}");
            assert!(error.to_string().contains("`gpu`"), "{error}");
        }
        assert_eq!(Device::auto().info(), Device::cpu().info());
        assert!(Device::list().iter().all(|info| !info.name.starts_with("gpu")));
        assert!(matches!(Device::named("g").unwrap_err().kind(), ErrorKind::UnknownDevice { .. }));
    }
}
