//! The vector instructions of processors.

use super::arch::{Arch, portable};
#[cfg(target_arch = "x86_64")]
use super::integers::vnni;
use crate::error::{ErrorKind, Result};
use std::borrow::Cow;
use std::env;

/// The environment variable that chooses the vector instructions.
const SIMD: &str = "SEMID_SIMD";

/// Vector instructions of a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::device) enum Simd {
    Avx512Vnni,
    /// 256-bit vectors that multiply 8-bit integers, in the encoding of AVX-VNNI or of AVX-512.
    AvxVnni,
    Avx512,
    Avx2,
    Neon,
    /// The 128-bit vectors of WebAssembly.
    Simd128,
    /// The instructions that every processor of this architecture has.
    Portable,
}

impl Simd {
    /// Best first.
    pub(super) const ALL: [Self; 7] =
        [Self::Avx512Vnni, Self::AvxVnni, Self::Avx512, Self::Avx2, Self::Neon, Self::Simd128, Self::Portable];

    /// The name that `SEMID_SIMD` takes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Avx512Vnni => "avx512vnni",
            Self::AvxVnni => "avxvnni",
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::Portable => "portable",
        }
    }

    /// The instructions as `pulp` has them, where this processor has them.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn arch(self) -> Option<Arch> {
        use pulp::x86::{V3, V4};
        match self {
            Self::Avx512Vnni if !vnni::has_512() => None,
            Self::AvxVnni if !vnni::has_256() => None,
            Self::Avx512Vnni | Self::Avx512 => V4::try_new().map(Arch::V4),
            Self::AvxVnni | Self::Avx2 => V3::try_new().map(Arch::V3),
            Self::Neon | Self::Simd128 => None,
            Self::Portable => Some(portable()),
        }
    }

    /// The instructions as `pulp` has them, where this processor has them.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn arch(self) -> Option<Arch> {
        match self {
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => Some(portable()),
            Self::Portable => Some(portable()),
            _ => None,
        }
    }

    /// The best ones of this processor, or those that `SEMID_SIMD` names.
    pub(super) fn chosen() -> Result<Self> {
        Self::of(env::var_os(SIMD).as_ref().map(|value| value.to_string_lossy()))
    }

    fn of(value: Option<Cow<'_, str>>) -> Result<Self> {
        let here = || Self::ALL.into_iter().filter(|simd| simd.arch().is_some());
        let Some(value) = value else { return Ok(here().next().unwrap_or(Self::Portable)) };
        here().find(|simd| simd.name() == value).ok_or_else(|| {
            let available = here().map(Self::name).collect::<Vec<_>>().join(", ");
            ErrorKind::UnknownSimd { value: value.into_owned(), available }.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_portable_instructions_and_those_of_others_are_refused() {
        assert!(Simd::Portable.arch().is_some());
        let unknown = Simd::of(Some("avx9".into())).expect_err("there are no such instructions");
        let ErrorKind::UnknownSimd { value, available } = unknown.into_kind() else { panic!("another kind") };
        assert!(value == "avx9" && available.ends_with("portable"), "{value}: {available}");
        assert!(["neon", "avx2"].into_iter().any(|name| Simd::of(Some(name.into())).is_err()));
        assert_eq!(Simd::of(Some("portable".into())).ok(), Some(Simd::Portable));
    }
}
