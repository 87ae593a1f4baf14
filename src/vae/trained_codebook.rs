//! The codebook of a level in training.

use crate::codebook::Codebook;
use crate::grid::Grid;
use crate::kernel::adamw::{StepFactors, adamw};
use crate::kernel::float::finish;

/// The codewords of a level with their moments and moving averages.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrainedCodebook {
    /// (K, d).
    pub(super) values: Vec<f32>,
    pub(super) moments: [Vec<f32>; 2],
    /// Moving averages of member counts (K) and of member sums (K, d), in units of the latents.
    pub(super) counts: Vec<f64>,
    pub(super) sums: Vec<f64>,
}

impl TrainedCodebook {
    pub(super) fn new(values: Vec<f32>, dim: usize) -> Self {
        let (len, clusters) = (values.len(), values.len() / dim);
        let sums = values.iter().map(|value| f64::from(*value)).collect();
        Self { values, moments: [vec![0.0; len], vec![0.0; len]], counts: vec![1.0; clusters], sums }
    }

    /// Lengths of all that it keeps.
    pub(super) fn sizes(&self) -> [usize; 5] {
        let [m, v] = &self.moments;
        [self.values.len(), m.len(), v.len(), self.counts.len(), self.sums.len()]
    }

    /// Whether all that it keeps are numbers.
    pub(super) fn is_finite(&self) -> bool {
        let [m, v] = &self.moments;
        self.values.iter().chain(m).chain(v).all(|x| x.is_finite())
            && self.counts.iter().chain(&self.sums).all(|x| x.is_finite())
    }

    pub(super) fn on_grid(&self, exponent: i32, dim: usize) -> Codebook {
        let grid = Grid::new(vec![0.0; dim], exponent);
        let mut q = vec![0; self.values.len()];
        grid.quantize(&self.values, &mut q);
        Codebook::new(q, dim)
    }

    /// Restarts codeword `k` at a new value: its moments and averages forget the old one.
    pub(super) fn restart(&mut self, k: usize, value: &[f32]) {
        let dim = value.len();
        fn part<T>(list: &mut [T], k: usize, dim: usize) -> &mut [T] {
            list.chunks_exact_mut(dim).nth(k).unwrap_or_default()
        }
        part(&mut self.values, k, dim).copy_from_slice(value);
        self.moments.iter_mut().for_each(|moment| part(moment, k, dim).fill(0.0));
        part(&mut self.counts, k, 1).fill(1.0);
        part(&mut self.sums, k, dim).iter_mut().zip(value).for_each(|(sum, value)| *sum = f64::from(*value));
    }

    /// Takes one step of the optimiser.
    pub(super) fn descend(&mut self, gradient: &[f32], step: &StepFactors) {
        let [m, v] = &mut self.moments;
        adamw(&mut self.values, gradient, m, v, step);
    }

    /// Moves the codewords to the moving averages of their members, given how many each has and how far they pull it:
    /// `n c` less their sum, with codewords on the grid of that exponent.
    ///
    /// # Exactness
    /// In f64, element by element.
    pub(super) fn average(&mut self, decay: f64, codebook: &Codebook, exponent: i32, counts: &[u64], pulls: &[f32]) {
        let (dim, unit) = (codebook.dim(), crate::grid::pow2(-exponent));
        for (count, new) in self.counts.iter_mut().zip(counts) {
            *count = decay * *count + (1.0 - decay) * *new as f64;
        }
        let rows = codebook.values().chunks_exact(dim).zip(pulls.chunks_exact(dim)).zip(counts);
        for (sums, ((codeword, pulls), count)) in self.sums.chunks_exact_mut(dim).zip(rows) {
            for ((sum, c), pull) in sums.iter_mut().zip(codeword).zip(pulls) {
                let members = *count as f64 * (f64::from(*c) * unit) - f64::from(*pull);
                *sum = decay * *sum + (1.0 - decay) * members;
            }
        }
        let codewords = self.values.chunks_exact_mut(dim).zip(self.sums.chunks_exact(dim));
        for ((codeword, sums), count) in codewords.zip(&self.counts) {
            // A codeword that has had no rows for long stays where it is.
            if *count > 1e-3 {
                codeword.iter_mut().zip(sums).for_each(|(c, sum)| *c = finish((sum / count) as f32));
            }
        }
    }
}
