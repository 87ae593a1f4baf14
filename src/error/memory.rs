//! Vectors that give an error instead of aborting where memory is too small.

use super::{Error, ErrorKind, Result};

/// Makes the error for an allocation of `len` values of type `T` that failed.
pub(crate) fn out_of_memory<T>(what: &str, len: usize) -> Error {
    ErrorKind::OutOfMemory { what: what.to_owned(), bytes: (len as u64).saturating_mul(size_of::<T>() as u64) }.into()
}

/// Makes a vector of `len` copies of `value`, or returns [`ErrorKind::OutOfMemory`] instead of aborting.
pub(crate) fn try_vec<T: Clone>(value: T, len: usize, what: &str) -> Result<Vec<T>> {
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| out_of_memory::<T>(what, len))?;
    out.resize(len, value);
    Ok(out)
}

/// Makes a vector of `len` zeros, or returns [`ErrorKind::OutOfMemory`] instead of aborting.
///
/// Where the system gives memory that is zero already, nothing is written: the threads that fill it touch it first.
pub(crate) fn try_zeros<T: bytemuck::Zeroable>(len: usize, what: &str) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(len).map_err(|()| out_of_memory::<T>(what, len))
}

/// Collects `values`, or returns [`ErrorKind::OutOfMemory`] instead of aborting.
pub(crate) fn try_collect<T>(values: impl Iterator<Item = T>, what: &str) -> Result<Vec<T>> {
    let mut out = Vec::new();
    try_reserve(&mut out, values.size_hint().0, what)?;
    for value in values {
        if out.len() == out.capacity() {
            try_reserve(&mut out, 1, what)?;
        }
        out.push(value);
    }
    Ok(out)
}

/// Makes room for `more` values in `out`, or returns [`ErrorKind::OutOfMemory`] instead of aborting.
pub(crate) fn try_reserve<T>(out: &mut Vec<T>, more: usize, what: &str) -> Result<()> {
    let all = out.len().saturating_add(more);
    out.try_reserve(more).map_err(|_| out_of_memory::<T>(what, all))
}
