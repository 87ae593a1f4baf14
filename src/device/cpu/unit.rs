//! What the CPU device computes with: the vector instructions, and the numbers that its filter multiplies.

use super::arch::{Arch, portable};
use super::integers::{Instructions, Width};
use super::pairs::{PairWork, Portable};
use super::simd::Simd;
use crate::error::Result;

/// The numbers that the filter of `assign` multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::device) enum Products {
    F32,
    Bits16,
    Bits8,
}

impl Products {
    /// The integers that are multiplied, if it is integers.
    pub(super) fn width(self) -> Option<Width> {
        match self {
            Self::F32 => None,
            Self::Bits16 => Some(Width::Bits16),
            Self::Bits8 => Some(Width::Bits8),
        }
    }
}

/// Vector instructions and products that work together.
#[derive(Clone, Copy, Debug)]
pub(in crate::device) struct Unit {
    pub(super) simd: Simd,
    pub(super) products: Products,
    arch: Arch,
}

impl Unit {
    /// Names of units after `cpu:`.
    pub(in crate::device) const NAMES: [&'static str; 4] = ["8bit", "16bit", "f32", "portable"];

    /// The fastest unit with the instructions that this processor has or that `SEMID_SIMD` names.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownSimd`](crate::ErrorKind::UnknownSimd) where `SEMID_SIMD` names none of this processor.
    pub(in crate::device) fn fastest() -> Result<Self> {
        let simd = Simd::chosen()?;
        Ok(Self::new(simd, Self::products_of(simd)))
    }

    /// Returns the width that this unit multiplies at the highest rate. With 256-bit vectors pairs of 16 bits are
    /// multiplied at twice the rate of f32, with 512-bit ones they are not. The instructions of ARM that multiply bytes
    /// (`sdot`) are not in stable Rust.
    fn products_of(simd: Simd) -> Products {
        match simd {
            Simd::Avx512Vnni | Simd::AvxVnni => Products::Bits8,
            Simd::Avx2 | Simd::Simd128 => Products::Bits16,
            Simd::Avx512 | Simd::Neon | Simd::Portable => Products::F32,
        }
    }

    /// The unit of that name, or `None` for a name that is none of [`Unit::NAMES`].
    ///
    /// # Errors
    /// As [`Unit::fastest`].
    pub(in crate::device) fn named(name: &str) -> Option<Result<Self>> {
        let with = |products| Simd::chosen().map(|simd| Self::new(simd, products));
        match name {
            "8bit" => Some(with(Products::Bits8)),
            "16bit" => Some(with(Products::Bits16)),
            "f32" => Some(with(Products::F32)),
            "portable" => Some(Simd::chosen().map(|_| Self::new(Simd::Portable, Products::F32))),
            _ => None,
        }
    }

    /// Falls back to portable instructions where the processor lacks those asked for; callers have asked before.
    fn new(simd: Simd, products: Products) -> Self {
        match simd.arch() {
            Some(arch) => Self { simd, products, arch },
            None => Self { simd: Simd::Portable, products, arch: portable() },
        }
    }

    /// Every pair of instructions and products that this processor has and that runs code of its own: of 8-bit integers
    /// alone, VNNI multiplies otherwise than AVX-512 or AVX2.
    #[cfg(test)]
    pub(in crate::device) fn all() -> Vec<Self> {
        let simd = Simd::ALL.into_iter().filter(|simd| simd.arch().is_some());
        let all = [Products::F32, Products::Bits16, Products::Bits8];
        let with = |simd| all.into_iter().map(move |products| Self::new(simd, products));
        let own = |unit: &Self| match unit.simd {
            Simd::Avx512Vnni | Simd::AvxVnni => unit.products == Products::Bits8,
            _ => true,
        };
        simd.flat_map(with).filter(own).collect()
    }

    /// The instructions that multiply integers of this width.
    pub(super) fn instructions(self, width: Width) -> Instructions {
        #[cfg(target_arch = "x86_64")]
        match (width, self.simd) {
            (Width::Bits8, Simd::Avx512Vnni) => return Instructions::Vnni512,
            (Width::Bits8, Simd::AvxVnni) => return Instructions::Vnni256,
            (Width::Bits16, _) => return self.avx2().map_or(Instructions::Portable, Instructions::Avx2),
            _ => {}
        }
        #[cfg(target_arch = "wasm32")]
        if let (Width::Bits16, Some(simd)) = (width, self.simd128()) {
            return Instructions::Simd128(simd);
        }
        let _ = width;
        Instructions::Portable
    }

    /// Words for people.
    pub(super) fn description(self) -> String {
        let products = match self.products {
            Products::F32 => "f32 products",
            Products::Bits16 => "16-bit products",
            Products::Bits8 => "8-bit products",
        };
        format!("{}, {products}", self.simd.name())
    }

    /// Runs `work` compiled for these instructions.
    #[inline(always)]
    pub(super) fn run<W: pulp::WithSimd>(self, work: W) -> W::Output {
        self.arch.dispatch(work)
    }

    /// Runs `work` with what multiplies pairs of 16-bit integers best.
    #[inline(always)]
    pub(super) fn run_pairs<W: PairWork>(self, work: W) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.avx2() {
            return super::pairs::run_avx2(simd, work);
        }
        work.work(Portable);
    }

    /// The instructions of WebAssembly that multiply pairs of 16-bit integers, unless only portable ones are to be
    /// used.
    #[cfg(target_arch = "wasm32")]
    #[inline(always)]
    pub(super) fn simd128(self) -> Option<pulp::wasm::Simd128> {
        if self.simd == Simd::Simd128 { pulp::wasm::Simd128::try_new() } else { None }
    }

    /// The instructions that multiply pairs of 16-bit integers, unless only portable ones are to be used.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn avx2(self) -> Option<pulp::x86::V3> {
        if self.simd == Simd::Portable { None } else { pulp::x86::V3::try_new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_apart_by_name() {
        for name in Unit::NAMES {
            assert!(Unit::named(name).is_some_and(|unit| unit.is_ok()), "{name}");
        }
        assert!(Unit::named("f64").is_none());
        assert!(Unit::all().len() >= 2);
    }
}
