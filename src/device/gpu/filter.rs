//! The numbers that the filter of `assign` multiplies on a GPU.

use std::sync::OnceLock;

/// The environment variable that chooses the filter.
const VARIABLE: &str = "SEMID_GPU_FILTER";

/// A filter of `assign`. The choice changes how long an assignment takes, but no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Filter {
    /// Products of f32 (`kernel::assign`).
    F32,
    /// Products of signed bytes (`kernel::assign::bytes`).
    Bytes,
}

impl Filter {
    /// Returns the filter while nothing has been measured. Products of four bytes are one instruction on most GPUs that
    /// have Vulkan or DirectX 12, where this filter was measured and predicted to be the faster one. Metal has no such
    /// instruction, and a browser does not say.
    pub(super) fn unmeasured(backend: &str) -> Self {
        if backend == "metal" || cfg!(target_family = "wasm") { Self::F32 } else { Self::Bytes }
    }

    /// Returns the filter that the environment variable `SEMID_GPU_FILTER` names, and none where it is not set; its
    /// value where it names no filter. It is read once.
    pub(super) fn chosen() -> Result<Option<Self>, String> {
        static CHOSEN: OnceLock<Result<Option<Filter>, String>> = OnceLock::new();
        let value = || std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
        CHOSEN.get_or_init(|| Self::named(value().as_deref())).clone()
    }

    fn named(name: Option<&str>) -> Result<Option<Self>, String> {
        let Some(name) = name else { return Ok(None) };
        let named = [Self::F32, Self::Bytes].into_iter().find(|filter| filter.name() == name);
        named.map(Some).ok_or_else(|| name.to_owned())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bytes => "8bit",
        }
    }

    /// Returns the filter for rows of `dim` dimensions. Up to 16 the tiles of both filters take as many steps.
    pub(super) fn of(self, dim: usize) -> Self {
        if dim <= LEAST_STEP { Self::F32 } else { self }
    }
}

/// Components that a step of the f32 filter takes.
const LEAST_STEP: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_names() {
        assert_eq!(Filter::named(None), Ok(None));
        assert_eq!(Filter::named(Some("f32")), Ok(Some(Filter::F32)));
        assert_eq!(Filter::named(Some("8bit")), Ok(Some(Filter::Bytes)));
        assert_eq!(Filter::named(Some("16bit")), Err("16bit".to_owned()));
        assert_eq!([16, 17].map(|dim| Filter::Bytes.of(dim)), [Filter::F32, Filter::Bytes]);
    }

    #[test]
    fn adapters_with_products_of_bytes_begin_with_these() {
        let native = if cfg!(target_family = "wasm") { Filter::F32 } else { Filter::Bytes };
        let found = ["vulkan", "dx12", "gl", "metal"].map(Filter::unmeasured);
        assert_eq!(found, [native, native, native, Filter::F32]);
    }
}
