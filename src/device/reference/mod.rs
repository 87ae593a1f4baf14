//! The reference device: the scalar kernels, one after the other.

mod candidates;
mod lloyd;
mod seeding;
mod tensors;

use super::tensors::Tensors;
use super::{AssignCounts, DeviceInfo, Engine, Lloyd, NO_CODE, Purpose, Seeding, Table};
use crate::codebook::Codebook;
use crate::error::{Result, try_vec, try_zeros};
use crate::kernel;
use crate::kernel::nearer::BlockDraw;
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;
use candidates::ReferenceCandidates;
use lloyd::ReferenceLloyd;
use seeding::ReferenceSeeding;

pub(super) struct Reference {
    info: DeviceInfo,
}

impl Reference {
    pub(super) fn new() -> Self {
        let info = DeviceInfo {
            name: "reference".into(),
            description: "scalar integer reference".into(),
            backend: "scalar".into(),
            driver: String::new(),
            hardware: true,
            limits: None,
        };
        Self { info }
    }
}

impl Engine for Reference {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize, _purpose: Purpose) -> Result<Box<dyn Table>> {
        let values = try_zeros(rows.saturating_mul(dim), "rows on the grid")?;
        let candidates = ReferenceCandidates::default();
        Ok(Box::new(ReferenceTable { values, dim, codes: try_vec(NO_CODE, rows, "codes")?, candidates }))
    }

    fn tensors(&self) -> Result<Box<dyn Tensors>> {
        Ok(Box::new(tensors::ReferenceTensors::default()))
    }

    fn chunk_rows(&self, _dim: usize) -> usize {
        1024
    }

    fn iterates(&self) -> bool {
        true
    }
}

struct ReferenceTable {
    values: Vec<i32>,
    dim: usize,
    codes: Vec<u32>,
    candidates: ReferenceCandidates,
}

impl Table for ReferenceTable {
    fn rows(&self) -> usize {
        self.codes.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        self.values.iter_mut().skip(first * self.dim).zip(rows).for_each(|(value, new)| *value = *new);
        self.codes.fill(NO_CODE);
        Ok(())
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        let row = |row: &usize| self.values.chunks_exact(self.dim).nth(*row).unwrap_or_default();
        Ok(rows.iter().flat_map(row).copied().collect())
    }

    fn unit_length(&mut self) -> Result<()> {
        kernel::unit_length::unit_length(&mut self.values, self.dim);
        self.codes.fill(NO_CODE);
        Ok(())
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<AssignCounts> {
        let before = self.codes.clone();
        kernel::assign::assign(&self.values, codebook.values(), self.dim, &mut self.codes);
        let changed = before.iter().zip(&self.codes).filter(|(before, now)| before != now).count() as u64;
        Ok(AssignCounts { changed, settled: 0 })
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        out.iter_mut().zip(&self.codes).for_each(|(out, code)| *out = *code);
        Ok(())
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        self.codes.copy_from_slice(codes);
        Ok(())
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        Ok(kernel::centroid::sums(&self.values, self.dim, &self.codes, clusters))
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        let mut distances = try_zeros(self.codes.len(), "distances")?;
        kernel::assigned_distances::assigned_distances(
            &self.values,
            codebook.values(),
            self.dim,
            &self.codes,
            &mut distances,
        );
        Ok(distances)
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        kernel::residual::subtract(&mut self.values, codebook.values(), self.dim, &self.codes);
        self.codes.fill(NO_CODE);
        Ok(())
    }

    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        let points_count = points.len() / self.dim;
        let mut out = try_zeros(points_count.saturating_mul(closest.len()), "seeding distances")?;
        kernel::min_distances::min_distances(&self.values, points, self.dim, closest, &mut out);
        Ok(out)
    }

    fn lloyd(&mut self, codebook: &Codebook, room: i32) -> Result<Option<Box<dyn Lloyd + '_>>> {
        let (before, codebook) = (codebook.clone(), codebook.clone());
        Ok(Some(Box::new(ReferenceLloyd { table: self, codebook, before, room })))
    }

    fn seeding(&mut self, weights: &[u64]) -> Result<Option<Box<dyn Seeding + '_>>> {
        let closest = try_vec(u64::MAX, self.codes.len(), "seeding distances")?;
        let Self { values, dim, .. } = self;
        Ok(Some(Box::new(ReferenceSeeding { rows: values, dim: *dim, weights: weights.to_vec(), closest })))
    }

    fn holds_candidates(&self) -> bool {
        true
    }

    fn add_candidates(&mut self, new: &Codebook, known: usize) -> Result<Option<Vec<u128>>> {
        self.assign(new)?;
        let distances = self.assigned_distances(new)?;
        Ok(Some(self.candidates.add(&distances, &self.codes, known)))
    }

    fn draw_candidates(&mut self, draws: &[BlockDraw]) -> Result<Vec<usize>> {
        Ok(self.candidates.draw(draws))
    }

    fn candidate_counts(&mut self, candidates: usize) -> Result<Vec<u64>> {
        Ok(self.candidates.counts(candidates))
    }

    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        Ok(kernel::range_search::range_search(&self.values, codebook.values(), self.dim, prices, limits))
    }
}
