//! All rows as the fit sees them: it merges the answers of the shards.

use super::load::Loaded;
use super::one::One;
use super::request::{Answer, FarRow, FittedLevel, Reduction, Reply, Request, State};
use super::{Ask, Population};
use crate::codebook::Codebook;
use crate::device::{Device, Purpose, Table};
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::grid::{Grid, GridSketch, UNIT_EXPONENT};
use crate::joint::JointSums;
use crate::partial::Partial;
use crate::quantization::{Metric, Quantization};
use crate::rng::Sample;
use std::sync::Arc;

/// The residuals of the rows after the levels so far, wherever the rows are held.
pub(crate) struct Residuals<'a> {
    population: Box<dyn Population + 'a>,
    device: Device,
    state: Arc<State>,
    /// For every shard, how many of its rows the sample chooses.
    used: Vec<u64>,
}

impl<'a> Residuals<'a> {
    /// Takes the rows of a sample; `device` computes what concerns few rows.
    pub(crate) fn new(population: Box<dyn Population + 'a>, sample: Sample, device: &Device) -> Self {
        let mut first = 0;
        let used = population.shards().into_iter().map(|rows| {
            let span = first..first + rows;
            first = span.end;
            sample.count(span)
        });
        let used = used.collect();
        let grid = Grid::new(vec![0.0; population.dim()], UNIT_EXPONENT);
        let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
        let state = Arc::new(State { sample, quantization, levels: Vec::new() });
        Self { population, device: device.clone(), state, used }
    }

    /// Takes the rows of a table.
    #[cfg(test)]
    pub(crate) fn of(table: Box<dyn Table>, device: &Device) -> Residuals<'static> {
        let grid = Grid::new(vec![0.0; table.dim()], UNIT_EXPONENT);
        let quantization = Quantization { grid, metric: Metric::L2, normalize_residuals: false };
        let state = Arc::new(State { sample: Sample::ALL, quantization, levels: Vec::new() });
        let population = Box::new(One::new(table, &state));
        Residuals { used: population.shards(), population, device: device.clone(), state }
    }

    /// Returns the number of rows, N.
    pub(crate) fn rows(&self) -> usize {
        self.used.iter().sum::<u64>() as usize
    }

    /// Returns the number of dimensions, D.
    pub(crate) fn dim(&self) -> usize {
        self.population.dim()
    }

    /// Returns the device that computes what concerns few rows.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the sketch from which the grid is chosen.
    pub(crate) fn sketch(&mut self, ask: Ask<'_>) -> Result<GridSketch> {
        match self.merged(Reduction::Sketch, ask)? {
            Answer::Sketch(sketch) => Ok(sketch),
            _ => Err(unexpected()),
        }
    }

    /// Puts the rows on a grid, before the first level; returns what the grid leaves out of them.
    pub(crate) fn load(&mut self, quantization: &Quantization, ask: Ask<'_>) -> Result<Loaded> {
        let (sample, quantization) = (self.state.sample, quantization.clone());
        self.state = Arc::new(State { sample, quantization, levels: Vec::new() });
        match self.merged(Reduction::Loaded, ask)? {
            Answer::Loaded(loaded) => Ok(loaded),
            _ => Err(unexpected()),
        }
    }

    /// Subtracts from every row its codeword of a fitted level, and scales it to unit length if the next level wants
    /// that.
    pub(crate) fn subtract(&mut self, level: FittedLevel) {
        Arc::make_mut(&mut self.state).levels.push(level);
    }

    /// Undoes every [`Residuals::subtract`]: what follows is about the rows before the first level.
    pub(crate) fn rewind(&mut self) {
        Arc::make_mut(&mut self.state).levels.clear();
    }

    /// Gives every row codes of all levels by a beam; returns the sums of what is left of the rows by these codes. No
    /// level may have been subtracted.
    pub(crate) fn joint(&mut self, levels: &[Arc<Codebook>], beam: usize, ask: Ask<'_>) -> Result<JointSums> {
        let Answer::Joint(sums) = self.merged(Reduction::Joint { levels: levels.to_vec(), beam }, ask)? else {
            return Err(unexpected());
        };
        self.check(sums.rows())?;
        Ok(sums)
    }

    /// Assigns every row to its nearest codeword. Returns counts and sums per cluster, the energy, and how many rows
    /// were nearest to another codeword of the codebook before; without such a codebook, that is all rows.
    pub(crate) fn assign(
        &mut self,
        before: Option<&Arc<Codebook>>,
        now: &Arc<Codebook>,
        ask: Ask<'_>,
    ) -> Result<Partial> {
        let reduction = Reduction::Assign { before: before.cloned(), now: now.clone() };
        let Answer::Sums(sums) = self.merged(reduction, ask)? else { return Err(unexpected()) };
        self.check(sums.counts().iter().sum())?;
        Ok(sums)
    }

    /// Returns for every shard the sum over its rows of the squared distance to the nearest candidate.
    pub(crate) fn potentials(&mut self, candidates: &Arc<Codebook>, ask: Ask<'_>) -> Result<Vec<u128>> {
        let answers = self.ask_all(&Reduction::Potential { candidates: candidates.clone() }, ask)?;
        let potential = |(shard, answer)| match answer {
            // A squared distance is below 2^63.
            Answer::Potential(sum) if sum <= u128::from(self.used_of(shard)) << 63 => Ok(sum),
            _ => Err(unexpected()),
        };
        answers.into_iter().enumerate().map(potential).collect()
    }

    /// Returns the rows on which values below the sum of the `potentials` fall, so that a row is drawn with probability
    /// proportional to its squared distance from the nearest candidate. The rows are not in the order of the values.
    pub(crate) fn draw(
        &mut self,
        candidates: &Arc<Codebook>,
        potentials: &[u128],
        values: &[u128],
        ask: Ask<'_>,
    ) -> Result<Vec<u64>> {
        let mut of_shard: Vec<Vec<u128>> = vec![Vec::new(); potentials.len()];
        for value in values {
            let mut left = *value;
            for (potential, values) in potentials.iter().zip(&mut of_shard) {
                if left < *potential {
                    values.push(left);
                    break;
                }
                left -= potential;
            }
        }
        let draw = |values| Reduction::Draw { candidates: candidates.clone(), values };
        let requests = of_shard.into_iter().enumerate().filter(|(_, values)| !values.is_empty());
        let (shards, requests): (Vec<_>, Vec<_>) =
            requests.map(|(shard, values)| (shard, (shard, draw(values)))).unzip();
        let mut rows = Vec::new();
        for (shard, answer) in shards.into_iter().zip(self.ask(requests, ask)?) {
            let (first, used) = (self.first_row(shard), self.used_of(shard));
            match answer {
                Answer::Places(places) if places.iter().all(|place| *place < used) => {
                    rows.extend(places.into_iter().map(|place| first + place));
                }
                _ => return Err(unexpected()),
            }
        }
        Ok(rows)
    }

    /// Returns how many rows are nearest to each candidate.
    pub(crate) fn weights(&mut self, candidates: &Arc<Codebook>, ask: Ask<'_>) -> Result<Vec<u64>> {
        let weights = match self.merged(Reduction::Weights { candidates: candidates.clone() }, ask)? {
            Answer::Weights(weights) if weights.len() == candidates.clusters() => weights,
            _ => return Err(unexpected()),
        };
        // Counts of a damaged reply may be any numbers.
        self.check(weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight)))?;
        Ok(weights)
    }

    /// Returns the `count` rows farthest from their nearest codewords, farthest first and the lowest row on a tie. A
    /// row's place is its number.
    pub(crate) fn farthest(&mut self, codebook: &Arc<Codebook>, count: usize, ask: Ask<'_>) -> Result<Vec<FarRow>> {
        let answers = self.ask_all(&Reduction::Farthest { codebook: codebook.clone(), count }, ask)?;
        let mut all = Vec::new();
        for (shard, answer) in answers.into_iter().enumerate() {
            let (first, used) = (self.first_row(shard), self.used_of(shard));
            match answer {
                Answer::Farthest(rows) if rows.iter().all(|row| row.place < used) => {
                    all.extend(rows.into_iter().map(|row| FarRow { place: first + row.place, ..row }));
                }
                _ => return Err(unexpected()),
            }
        }
        all.sort_unstable_by_key(FarRow::order);
        all.truncate(count);
        Ok(all)
    }

    /// Returns copies of the given rows, in the given order.
    pub(crate) fn gather(&mut self, rows: &[u64], ask: Ask<'_>) -> Result<Vec<i32>> {
        let dim = self.dim();
        let ends: Vec<u64> = (0..self.used.len()).map(|shard| self.first_row(shard + 1)).collect();
        let mut of_shard: Vec<(Vec<usize>, Vec<u64>)> = vec![Default::default(); ends.len()];
        for (index, row) in rows.iter().enumerate() {
            let shard = ends.partition_point(|end| end <= row);
            let first = self.first_row(shard);
            if let Some((indices, places)) = of_shard.get_mut(shard) {
                indices.push(index);
                places.push(row - first);
            }
        }
        let asked = of_shard.into_iter().enumerate().filter(|(_, (indices, _))| !indices.is_empty());
        let (indices, requests): (Vec<_>, Vec<_>) =
            asked.map(|(shard, (indices, places))| (indices, (shard, Reduction::Gather { places }))).unzip();
        let mut answers = self.ask(requests, ask)?;
        // One shard that has them all has them in order.
        if let [Answer::Rows(values)] = answers.as_mut_slice()
            && values.len() == rows.len() * dim
        {
            return Ok(std::mem::take(values));
        }
        let mut all = try_zeros(rows.len().saturating_mul(dim), "rows")?;
        for (indices, answer) in indices.into_iter().zip(answers) {
            let Answer::Rows(values) = answer else { return Err(unexpected()) };
            if values.len() != indices.len() * dim {
                return Err(unexpected());
            }
            for (index, values) in indices.into_iter().zip(values.chunks_exact(dim)) {
                let to = all.get_mut(index * dim..(index + 1) * dim).unwrap_or_default();
                to.copy_from_slice(values);
            }
        }
        Ok(all)
    }

    /// Copies the given rows, in their state, to their own table. Levels that are fitted later may be subtracted from
    /// the copy alone.
    pub(crate) fn copy(&mut self, rows: &[u64], purpose: Purpose, ask: Ask<'_>) -> Result<Residuals<'static>> {
        let values = self.gather(rows, ask)?;
        let mut table = self.device.engine().table(rows.len(), self.dim(), purpose)?;
        table.upload(0, &values)?;
        let population = Box::new(One::new(table, &self.state));
        Ok(Residuals { used: population.shards(), population, device: self.device.clone(), state: self.state.clone() })
    }

    /// Returns the table of all rows, if a single shard has them in memory and each counts once; the caller may change
    /// its codes.
    pub(crate) fn table(&mut self, ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        if self.population.is_weighted() { Ok(None) } else { self.table_of_any_weights(ask) }
    }

    /// Returns the table of all rows, if a single shard has them in memory, however often each counts; those of weight
    /// 0 are not in it.
    pub(crate) fn table_of_any_weights(&mut self, ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        self.population.table(&self.state, ask)
    }

    /// Says that the codes of the table of all rows are the nearest codewords of `codebook`: the caller of
    /// [`Residuals::table`] has made them so.
    pub(crate) fn codes_are(&mut self, codebook: &Arc<Codebook>) {
        self.population.codes_are(codebook);
    }

    /// Returns the number of a shard's first row.
    fn first_row(&self, shard: usize) -> u64 {
        self.used.iter().take(shard).sum()
    }

    /// Returns how many of a shard's rows the sample chooses.
    fn used_of(&self, shard: usize) -> u64 {
        self.used.get(shard).copied().unwrap_or(0)
    }

    /// Sends the same reduction to all shards.
    fn ask_all(&mut self, reduction: &Reduction, ask: Ask<'_>) -> Result<Vec<Answer>> {
        self.ask((0..self.used.len()).map(|shard| (shard, reduction.clone())).collect(), ask)
    }

    /// Sends a reduction to all shards and merges their answers.
    fn merged(&mut self, reduction: Reduction, ask: Ask<'_>) -> Result<Answer> {
        let request = Request { state: self.state.clone(), reduction };
        self.population.merged(&request, ask).map(|Reply(answer)| answer)
    }

    fn ask(&mut self, reductions: Vec<(usize, Reduction)>, ask: Ask<'_>) -> Result<Vec<Answer>> {
        let request = |(shard, reduction)| (shard, Request { state: self.state.clone(), reduction });
        let requests: Vec<(usize, Request)> = reductions.into_iter().map(request).collect();
        let replies = self.population.call(&requests, ask)?;
        match replies.len() == requests.len() {
            true => Ok(replies.into_iter().map(|Reply(answer)| answer).collect()),
            false => Err(unexpected()),
        }
    }

    /// Refuses a count that is not that of all rows.
    fn check(&self, found: u64) -> Result<()> {
        let expected = self.rows() as u64;
        match found == expected {
            true => Ok(()),
            false => Err(ErrorKind::Shards { found, expected }.into()),
        }
    }
}

pub(super) fn unexpected() -> Error {
    Error::parameter("reply", "another one", "must be the answer to what the shard was asked")
}
