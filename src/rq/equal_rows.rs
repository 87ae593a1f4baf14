//! Equal rows of a table, which balanced assignments take as one row with a weight.

use crate::device::Table;
use crate::error::{Result, try_vec};
use crate::transport::balanced::Groups;

/// Values read at a time: 4 MiB.
const VALUES: usize = 1 << 20;

/// Finds the rows of a table that are equal.
///
/// # Exactness
/// Rows with equal hashes are compared, so rows of one kind are equal in all dimensions. Two different rows with equal
/// hashes may keep copies of the second from being found, which changes no result, see [`Groups`].
pub(super) fn kinds(table: &mut dyn Table) -> Result<Groups> {
    let (rows, dim) = (table.rows(), table.dim().max(1));
    let step = (VALUES / dim).max(1);
    let mut hashes: Vec<(u64, u32)> = try_vec((0, 0), rows, "hashes of rows")?;
    for first in (0..rows).step_by(step) {
        let chosen: Vec<usize> = (first..rows.min(first + step)).collect();
        let values = table.gather(&chosen)?;
        let places = hashes.iter_mut().skip(first).zip(chosen).zip(values.chunks_exact(dim));
        places.for_each(|((place, row), values)| *place = (hash(values), row as u32));
    }
    hashes.sort_unstable();
    let mut firsts: Vec<u32> = (0..rows as u32).collect();
    for group in hashes.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        let Some(((_, first), others)) = group.split_first() else { continue };
        let expected = table.gather(&[*first as usize])?;
        for others in others.chunks(step) {
            let chosen: Vec<usize> = others.iter().map(|(_, row)| *row as usize).collect();
            let values = table.gather(&chosen)?;
            for (row, values) in chosen.iter().zip(values.chunks_exact(dim)) {
                if values == expected {
                    firsts.iter_mut().skip(*row).take(1).for_each(|of| *of = *first);
                }
            }
        }
    }
    Ok(Groups::of_equal_rows(firsts))
}

/// Hashes a row quickly; rows with equal hashes must still be compared.
fn hash(row: &[i32]) -> u64 {
    row.iter().fold(1, |hash: u64, value| {
        let mixed = (hash ^ u64::from(value.cast_unsigned())).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 32)
    })
}

#[cfg(test)]
mod tests {
    use super::kinds;
    use crate::device::Purpose;
    use crate::transport::balanced::Groups;
    use crate::{Device, rng::row_hash};

    #[test]
    fn rows_are_of_one_kind_if_and_only_if_they_are_equal() {
        for (rows, dim, values) in [(1, 3, 2), (300, 1, 40), (300, 2, 3), (500, 5, 2), (40, 3, 1 << 20), (60, 4, 1)] {
            let value = |i: usize| (row_hash(3, i as u64) % values) as i32 - (values / 2) as i32;
            let matrix: Vec<i32> = (0..rows * dim).map(value).collect();
            let row = |i: usize| &matrix[i * dim..][..dim];
            let first = |i: usize| (0..i).find(|j| row(*j) == row(i)).unwrap_or(i) as u32;
            for device in [Device::cpu(), Device::reference()] {
                let mut table = device.engine().table(rows, dim, Purpose::Encode).unwrap();
                table.upload(0, &matrix).unwrap();
                assert_eq!(kinds(&mut *table).unwrap(), Groups::of_equal_rows((0..rows).map(first)), "{rows} x {dim}");
            }
        }
    }
}
