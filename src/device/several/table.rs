//! A table whose rows are divided among devices, which work at the same time.

use crate::codebook::Codebook;
use crate::device::{AssignCounts, Table, range_search};
use crate::error::{ErrorKind, Result, try_zeros};
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;
use std::ops::Range;

/// The rows of one device.
pub(super) struct DevicePart {
    pub(super) table: Box<dyn Table>,
    pub(super) rows: Range<usize>,
}

pub(super) struct SeveralTable {
    /// At least one part, in the order of the rows.
    parts: Vec<DevicePart>,
    rows: usize,
    dim: usize,
}

impl SeveralTable {
    pub(super) fn new(parts: Vec<DevicePart>, rows: usize, dim: usize) -> Self {
        Self { parts, rows, dim }
    }

    /// Runs the work of all devices at the same time; the results are in the order of the rows.
    fn each<T: Send>(&mut self, work: impl Fn(&mut DevicePart) -> Result<T> + Sync) -> Result<Vec<T>> {
        let work = &work;
        std::thread::scope(|scope| {
            let start = |part| {
                let started = std::thread::Builder::new().spawn_scoped(scope, move || work(part));
                started.map_err(|error| {
                    let reason = format!("a thread for each of them could not be started: {error}");
                    ErrorKind::Device { device: "several devices".into(), reason }
                })
            };
            let running: Vec<_> = self.parts.iter_mut().map(start).collect();
            let finish = |thread: std::result::Result<std::thread::ScopedJoinHandle<'_, Result<T>>, ErrorKind>| {
                thread?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            running.into_iter().map(finish).collect()
        })
    }
}

impl Table for SeveralTable {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        let dim = self.dim;
        let end = first + rows.len() / dim;
        self.each(|part| {
            let (start, end) = (first.max(part.rows.start), end.min(part.rows.end));
            // Every part forgets its codes, as a single table would.
            let here = if start < end { rows.get((start - first) * dim..(end - first) * dim) } else { None };
            part.table.upload(start.saturating_sub(part.rows.start), here.unwrap_or_default())
        })?;
        Ok(())
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        let dim = self.dim;
        let found = self.each(|part| {
            let here: Vec<usize> =
                rows.iter().filter(|row| part.rows.contains(row)).map(|row| row - part.rows.start).collect();
            if here.is_empty() { Ok(Vec::new()) } else { part.table.gather(&here) }
        })?;
        let mut out = try_zeros(rows.len().saturating_mul(dim), "rows")?;
        for (part, values) in self.parts.iter().zip(found) {
            let places = rows.iter().zip(out.chunks_exact_mut(dim)).filter(|(row, _)| part.rows.contains(row));
            places.zip(values.chunks_exact(dim)).for_each(|((_, to), from)| to.copy_from_slice(from));
        }
        Ok(out)
    }

    fn unit_length(&mut self) -> Result<()> {
        self.each(|part| part.table.unit_length()).map(drop)
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<AssignCounts> {
        Ok(self.each(|part| part.table.assign(codebook))?.into_iter().fold(AssignCounts::default(), AssignCounts::plus))
    }

    fn assign_and_distances(&mut self, codebook: &Codebook, codes: &mut [u32]) -> Result<Vec<u64>> {
        let found = self.each(|part| {
            let mut codes = try_zeros::<u32>(part.rows.len(), "codes")?;
            part.table.assign_and_distances(codebook, &mut codes).map(|distances| (codes, distances))
        })?;
        codes.iter_mut().zip(found.iter().flat_map(|(codes, _)| codes)).for_each(|(to, code)| *to = *code);
        Ok(found.into_iter().flat_map(|(_, distances)| distances).collect())
    }

    fn assign_and_sums(&mut self, codebook: &Codebook) -> Result<(AssignCounts, Partial)> {
        let (mut assigned, mut all) = (AssignCounts::default(), Partial::new(codebook.clusters(), self.dim));
        for (part, partial) in self.each(|part| part.table.assign_and_sums(codebook))? {
            assigned = assigned.plus(part);
            all.merge(&partial)?;
        }
        Ok((assigned, all))
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        let found = self.each(|part| {
            let mut codes = try_zeros(part.rows.len(), "codes")?;
            part.table.codes(&mut codes).map(|()| codes)
        })?;
        out.iter_mut().zip(found.iter().flatten()).for_each(|(to, code)| *to = *code);
        Ok(())
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        self.each(|part| part.table.set_codes(codes.get(part.rows.clone()).unwrap_or_default())).map(drop)
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        let mut all = Partial::new(clusters, self.dim);
        for partial in self.each(|part| part.table.sums(clusters))? {
            all.merge(&partial)?;
        }
        Ok(all)
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        Ok(self.each(|part| part.table.assigned_distances(codebook))?.concat())
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        self.each(|part| part.table.subtract(codebook)).map(drop)
    }

    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        let found = self.each(|part| {
            let closest = closest.get(part.rows.clone()).unwrap_or_default();
            part.table.min_distances(points, closest)
        })?;
        let mut out = try_zeros((points.len() / self.dim).saturating_mul(self.rows), "seeding distances")?;
        for (part, found) in self.parts.iter().zip(found) {
            for (to, from) in out.chunks_exact_mut(self.rows).zip(found.chunks_exact(part.rows.len())) {
                to.iter_mut().skip(part.rows.start).zip(from).for_each(|(to, distance)| *to = *distance);
            }
        }
        Ok(out)
    }

    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        range_search::range_search(self, codebook, prices, limits)
    }
}
