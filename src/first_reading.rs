//! Rows that are kept from the first reading to the second.

use crate::device::Device;
use crate::error::Result;
use crate::rows::Rows;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The values that one reading of all rows, from the first to the last, keeps for the next one.
///
/// A fit reads rows twice: to choose the grid, and to put them on it; the training of a network reads them three times.
/// Where rows are decoded, keeping them costs less than decoding them again. Where memory is missing, nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct FirstReading(Mutex<KeptValues>);

#[derive(Debug, Default)]
struct KeptValues {
    records: bool,
    values: Vec<f32>,
}

impl FirstReading {
    fn state(&self) -> MutexGuard<'_, KeptValues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to keep what is read, `values` values at most.
    pub(crate) fn begin(&self, values: usize) {
        let mut kept = Vec::new();
        let records = kept.try_reserve_exact(values).is_ok();
        *self.state() = KeptValues { records, values: kept };
    }

    /// Forgets the values, which free their memory, and keeps no others.
    pub(crate) fn end(&self) {
        *self.state() = KeptValues::default();
    }

    /// Copies the values from the place `start` on if they are kept, or else calls `read`.
    pub(crate) fn read(
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

/// Rows of another source, which are read once if the source decodes them and there is memory to keep them.
pub(crate) struct ReadOnce<'a> {
    rows: &'a dyn Rows,
    kept: FirstReading,
    /// Whether every reading decodes the rows, as there is no memory to keep them.
    is_decoded: bool,
}

/// Returns whether it pays to keep the values of `rows` from one reading to the next, and `device` has the memory for
/// them beside `needed` bytes of other data.
pub(crate) fn worth_keeping(rows: &dyn Rows, needed: u64, device: &Device) -> bool {
    let values = (rows.len() as u64).saturating_mul(rows.dim() as u64);
    let bytes = needed.saturating_add(values.saturating_mul(size_of::<f32>() as u64));
    rows.is_decoded() && device.memory_for(bytes).is_none_or(|memory| bytes <= memory)
}

impl<'a> ReadOnce<'a> {
    /// Takes the rows of `rows`; `needed` bytes of memory must stay for other data.
    pub(crate) fn new(rows: &'a dyn Rows, needed: u64, device: &Device) -> Self {
        let kept = FirstReading::default();
        let keeps = worth_keeping(rows, needed, device);
        if keeps {
            kept.begin(rows.len().saturating_mul(rows.dim()));
        }
        Self { rows, kept, is_decoded: rows.is_decoded() && !keeps }
    }
}

impl Rows for ReadOnce<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.kept.read(first.saturating_mul(self.dim()), out, |out| self.rows.read(first, out))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rows::Matrix;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Rows that count how many rows were read.
    pub(crate) struct CountedRows<'a> {
        pub(crate) rows: Matrix<'a>,
        pub(crate) is_decoded: bool,
        pub(crate) read: AtomicUsize,
    }

    impl Rows for CountedRows<'_> {
        fn len(&self) -> usize {
            self.rows.len()
        }

        fn dim(&self) -> usize {
            self.rows.dim()
        }

        fn is_decoded(&self) -> bool {
            self.is_decoded
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
            self.read.fetch_add(out.len() / self.dim(), Relaxed);
            self.rows.read(first, out)
        }
    }

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

    #[test]
    fn values_are_kept_only_within_the_memory_of_the_device() {
        let values = [0.0; 12];
        let rows = |is_decoded| CountedRows { rows: Matrix::new(&values, 3).unwrap(), is_decoded, read: 0.into() };
        let worth = |is_decoded, needed, memory| {
            worth_keeping(&rows(is_decoded), needed, &Device::reference().with_memory(memory))
        };
        assert!(worth(true, 52, 100) && !worth(true, 53, 100) && !worth(true, u64::MAX, 100));
        assert!(!worth(false, 0, 100));
    }

    #[test]
    fn rows_that_are_kept_are_not_decoded_again() {
        let values = [0.0; 12];
        for (is_decoded, memory, expected) in [(true, 48, false), (true, 47, true), (false, 47, false)] {
            let rows = CountedRows { rows: Matrix::new(&values, 3).unwrap(), is_decoded, read: 0.into() };
            let once = ReadOnce::new(&rows, 0, &Device::reference().with_memory(memory));
            assert_eq!(once.is_decoded(), expected, "{is_decoded} {memory}");
        }
    }
}
