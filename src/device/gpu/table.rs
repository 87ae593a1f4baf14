//! Implements [`Table`] for rows on a GPU: each method runs the kernel of its name, slice by slice where a codebook is
//! larger than a binding.

use super::MANY_ROWS;
use super::lloyd::GpuLloyd;
use super::rows::GpuRows;
use super::seeding::GpuSeeding;
use super::{assignment, candidates, kernels, sliced};
use crate::codebook::Codebook;
use crate::device::{AssignCounts, Lloyd, Seeding, Table, range_search};
use crate::error::Result;
use crate::kernel::nearer::BlockDraw;
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;

impl Table for GpuRows {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        GpuRows::upload(self, first, rows)
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        kernels::gather::gather(self, rows)
    }

    fn unit_length(&mut self) -> Result<()> {
        kernels::unit_length::unit_length(self)
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<AssignCounts> {
        match self.slice(codebook) {
            Some(size) => sliced::assign(self, codebook, size),
            None => assignment::assign(self, codebook),
        }
    }

    fn assign_and_sums(&mut self, codebook: &Codebook) -> Result<(AssignCounts, Partial)> {
        match self.slice(codebook) {
            Some(_) => Ok((self.assign(codebook)?, self.sums(codebook.clusters())?)),
            None => assignment::assign_and_sums(self, codebook),
        }
    }

    fn assign_and_codes(&mut self, codebook: &Codebook, out: &mut [u32]) -> Result<AssignCounts> {
        // What is read at once has to fit a buffer.
        let fits = self.rows <= self.piece_rows(size_of::<u32>());
        if fits && self.slice(codebook).is_none() {
            return assignment::assign_and_codes(self, codebook, out);
        }
        let assigned = self.assign(codebook)?;
        GpuRows::codes(self, out)?;
        Ok(assigned)
    }

    fn assign_and_distances(&mut self, codebook: &Codebook, codes: &mut [u32]) -> Result<Vec<u64>> {
        if self.slice(codebook).is_none() {
            return assignment::assign_and_distances(self, codebook, codes);
        }
        self.assign_and_codes(codebook, codes)?;
        self.assigned_distances(codebook)
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        GpuRows::codes(self, out)
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        GpuRows::set_codes(self, codes)
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        kernels::centroid::sums(self, clusters)
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        match self.slice(codebook) {
            Some(size) => sliced::assigned_distances(self, codebook, size),
            None => kernels::assigned_distances::assigned_distances(self, codebook),
        }
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        match self.slice(codebook) {
            Some(size) => sliced::subtract(self, codebook, size)?,
            None => kernels::residual::subtract(self, codebook)?,
        }
        self.forget()
    }

    fn lloyd(&mut self, codebook: &Codebook, room: i32) -> Result<Option<Box<dyn Lloyd + '_>>> {
        Ok(GpuLloyd::new(self, codebook, room)?.map(|lloyd| Box::new(lloyd) as _))
    }

    fn seeding(&mut self, weights: &[u64]) -> Result<Option<Box<dyn Seeding + '_>>> {
        Ok(GpuSeeding::new(self, weights)?.map(|seeding| Box::new(seeding) as _))
    }

    fn holds_candidates(&self) -> bool {
        // A wait for each draw takes longer than to read few distances.
        self.rows >= MANY_ROWS
    }

    fn add_candidates(&mut self, new: &Codebook, known: usize) -> Result<Option<Vec<u128>>> {
        candidates::add(self, new, known)
    }

    fn draw_candidates(&mut self, draws: &[BlockDraw]) -> Result<Vec<usize>> {
        candidates::draw(self, draws)
    }

    fn candidate_counts(&mut self, candidates: usize) -> Result<Vec<u64>> {
        candidates::counts(self, candidates)
    }

    fn forget_candidates(&mut self) {
        self.candidates = None;
    }

    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        kernels::min_distances::min_distances(self, points, closest)
    }

    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        range_search::range_search(self, codebook, prices, limits)
    }
}
