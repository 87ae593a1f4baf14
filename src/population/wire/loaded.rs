//! Writes what a grid leaves out of rows as bytes.

use super::bytes::{Reader, Writer};
use crate::error::Result;
use crate::grid::{Loss, Outlier, Saturation};
use crate::population::load::Loaded;

/// Writes the number of values that saturated (u64); whether there are far ones (u8, 0 or 1); for each of the worst
/// rows its steps from the offset (f64), row (u64), column (u32) and value (f32); then the powers of two (i32) of the
/// loss and the sum of each (u128). Every field of the rows and sums is a separate list.
pub(super) fn write(loaded: &Loaded, to: &mut Writer) {
    let Loaded { saturation, loss } = loaded;
    to.u64(saturation.values);
    to.u8(u8::from(saturation.far));
    let worst = || saturation.worst().iter();
    to.list(&worst().map(|(steps, _)| *steps).collect::<Vec<_>>(), f64::to_le_bytes);
    to.list(&worst().map(|(_, outlier)| outlier.row).collect::<Vec<_>>(), u64::to_le_bytes);
    to.list(&worst().map(|(_, outlier)| outlier.column as u32).collect::<Vec<_>>(), u32::to_le_bytes);
    to.list(&worst().map(|(_, outlier)| outlier.value).collect::<Vec<_>>(), f32::to_le_bytes);
    let (exponents, sums): (Vec<i32>, Vec<u128>) = loss.sums().unzip();
    to.list(&exponents, i32::to_le_bytes);
    to.list(&sums, u128::to_le_bytes);
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Loaded> {
    let values = from.u64()?;
    let far = from.flag()?;
    let (steps, rows) = (from.list(f64::from_le_bytes)?, from.list(u64::from_le_bytes)?);
    let (columns, numbers) = (from.list(u32::from_le_bytes)?, from.list(f32::from_le_bytes)?);
    let (exponents, sums) = (from.list(i32::from_le_bytes)?, from.list(u128::from_le_bytes)?);
    if [rows.len(), columns.len(), numbers.len()] != [steps.len(); 3] || exponents.len() != sums.len() {
        return Err(from.unusable("its lists differ in length"));
    }
    let outlier = |((row, column), value)| Outlier { row, column: column as usize, value };
    let outliers = rows.into_iter().zip(columns).zip(numbers).map(outlier);
    let saturation = Saturation::from_parts(values, far, steps.into_iter().zip(outliers).collect());
    let loss = Loss::from_sums(exponents.into_iter().zip(sums).collect());
    match saturation.zip(loss) {
        Some((saturation, loss)) => Ok(Loaded { saturation, loss }),
        None => Err(from.unusable("no rows leave that out")),
    }
}
