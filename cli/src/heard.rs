//! Rows that tell what is read of them.

use semid::{Result, Rows};

/// Rows that call `each` after every read, with the number of the first row and the values.
pub(crate) struct Heard<'a> {
    rows: &'a dyn Rows,
    each: &'a (dyn Fn(usize, &[f32]) + Sync),
}

impl<'a> Heard<'a> {
    pub(crate) fn new(rows: &'a dyn Rows, each: &'a (dyn Fn(usize, &[f32]) + Sync)) -> Self {
        Self { rows, each }
    }
}

impl Rows for Heard<'_> {
    semid::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(first, out)?;
        (self.each)(first, out);
        Ok(())
    }
}
