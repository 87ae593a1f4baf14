//! Rows that are kept from the first reading to the second.

use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// The values that one reading of all rows, from the first to the last, keeps for the next one.
///
/// A fit reads rows twice: to choose the grid, and to put them on it. Where rows are decoded, keeping them costs less
/// than decoding them again. Where memory is missing, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct FirstReading(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: bool,
    values: Vec<f32>,
}

impl FirstReading {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to keep what is read, `values` values at most.
    pub(super) fn begin(&self, values: usize) {
        let mut kept = Vec::new();
        let records = kept.try_reserve_exact(values).is_ok();
        *self.state() = State { records, values: kept };
    }

    /// Forgets the values, which free their memory, and keeps no others.
    pub(super) fn end(&self) {
        *self.state() = State::default();
    }

    /// Copies the values from the place `start` on if they are kept, or else calls `read`.
    pub(super) fn read(
        &self,
        start: usize,
        out: &mut [f32],
        read: impl FnOnce(&mut [f32]) -> Result<()>,
    ) -> Result<()> {
        let mut state = self.state();
        if let Some(kept) = state.values.get(start..start.saturating_add(out.len())) {
            out.copy_from_slice(kept);
            return Ok(());
        }
        read(out)?;
        let room = state.values.capacity() - state.values.len();
        if state.records && state.values.len() == start && out.len() <= room {
            state.values.extend_from_slice(out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_second_reading_reads_nothing_and_a_third_reads_again() {
        let calls = Cell::new(0);
        let kept = FirstReading::default();
        let reading = |kept: &FirstReading| {
            calls.set(0);
            let mut all = [0.0; 7];
            for start in [0, 3, 6] {
                let end = (start + 3).min(7);
                let read = |out: &mut [f32]| {
                    calls.set(calls.get() + 1);
                    out.iter_mut().zip(start..).for_each(|(out, i)| *out = i as f32);
                    Ok(())
                };
                kept.read(start, &mut all[start..end], read).unwrap();
            }
            assert_eq!(all, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            calls.get()
        };
        assert_eq!((reading(&kept), reading(&kept)), (3, 3));
        kept.begin(7);
        assert_eq!((reading(&kept), reading(&kept)), (3, 0));
        kept.end();
        assert_eq!(reading(&kept), 3);
        // A reading that was broken off goes on where it ended.
        kept.begin(7);
        kept.read(0, &mut [0.0; 3], |_| Err(crate::ErrorKind::Cancelled.into())).unwrap_err();
        assert_eq!((reading(&kept), reading(&kept)), (3, 0));
        // Without the room that was asked for, only the first values are kept.
        kept.begin(4);
        assert_eq!((reading(&kept), reading(&kept)), (3, 2));
    }
}
