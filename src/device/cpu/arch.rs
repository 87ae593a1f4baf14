//! The vectors that operations are compiled for.
//!
//! A processor is asked which ones it has. A module of WebAssembly with 128-bit vectors runs only where these are, so
//! there operations are compiled once, for these.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd128::{Arch, portable};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use pulp::Arch;

/// Returns the instructions that the machine has in any case.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) fn portable() -> Arch {
    Arch::Scalar
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use pulp::wasm::Simd128;
    use pulp::{Simd, WithSimd};

    /// The 128-bit vectors of WebAssembly.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::device::cpu) struct Arch(Simd128);

    impl Arch {
        #[inline(always)]
        pub(in crate::device::cpu) fn dispatch<W: WithSimd>(self, work: W) -> W::Output {
            Simd::vectorize(self.0, work)
        }
    }

    /// Returns the instructions that the machine has in any case.
    pub(in crate::device::cpu) fn portable() -> Arch {
        // SAFETY: this is compiled only for modules that consist of these instructions.
        Arch(unsafe { Simd128::new_unchecked() })
    }
}
