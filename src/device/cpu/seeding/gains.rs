//! What rows gain by points that may become codewords.

use super::neighbours::Neighbours;
use crate::device::MAX_VALUES;
use crate::device::cpu::bounds::{GROUP, score_at_most};
use crate::device::cpu::exact::{approximate_squared_distance, relative_error, squared_distance};
use crate::device::cpu::lanes::each_within;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::rows::RowBlock;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;

const _: () = assert!(MAX_VALUES <= GROUP, "the points of a step are one group");

/// The squared distances of rows from the codewords so far (N), and how often each row counts (N).
pub(super) struct Closest {
    pub(super) distances: Vec<u64>,
    pub(super) weights: Vec<u64>,
}

impl Closest {
    /// The part of a row in the potential.
    #[inline(always)]
    pub(super) fn share(&self, row: usize) -> u128 {
        self.times(row, self.distance(row))
    }

    #[inline(always)]
    fn distance(&self, row: usize) -> u64 {
        self.distances.get(row).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn times(&self, row: usize, distance: u64) -> u128 {
        u128::from(distance) * u128::from(self.weights.get(row).copied().unwrap_or(0))
    }

    /// Lowers the distance of a row; returns by how much its part in the potential becomes smaller.
    pub(super) fn lower(&mut self, row: usize, distance: u64) -> u128 {
        let gain = self.times(row, self.distance(row).saturating_sub(distance));
        self.distances.iter_mut().skip(row).take(1).for_each(|closest| *closest = distance);
        gain
    }
}

/// What some rows gain by each of the points drawn.
pub(super) struct Gains {
    /// By how much each point lowers the sum of `weights[i] * closest[i]`.
    pub(super) potentials: [u128; MAX_VALUES],
    pub(super) nearer: Vec<Nearer>,
    /// How many distances the bounds left open.
    pub(super) open: usize,
}

/// A point that is nearer to a row than the codewords so far.
pub(super) struct Nearer {
    pub(super) point: u32,
    pub(super) row: u32,
    pub(super) distance: u64,
}

impl Gains {
    const NONE: Self = Self { potentials: [0; MAX_VALUES], nearer: Vec::new(), open: 0 };

    /// Takes note of a point at a squared distance of `distance` from a row.
    #[inline(always)]
    fn add(&mut self, closest: &Closest, row: usize, point: usize, distance: u64) {
        let before = closest.distance(row);
        if let Some(potential) = self.potentials.get_mut(point).filter(|_| distance < before) {
            *potential += closest.times(row, before - distance);
            self.nearer.push(Nearer { point: point as u32, row: row as u32, distance });
        }
    }
}

/// A block of rows, of which the first is row `first` of the table, and the points drawn as a panel.
pub(super) struct GainBlock<'a, 'b> {
    pub(super) first: usize,
    pub(super) rows: RowBlock<'a>,
    pub(super) panel: &'a Panel,
    pub(super) closest: &'a Closest,
    pub(super) scores: &'b mut Scores,
}

impl pulp::WithSimd for GainBlock<'_, '_> {
    type Output = Gains;

    /// # Exactness
    /// A point whose score exceeds that of every vector within `closest` of the row is not nearer. Everything else is
    /// computed exactly.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Gains {
        let Self { first, rows, panel, closest, scores } = self;
        let mut gains = Gains::NONE;
        scores.compute(rows, panel);
        let distances = closest.distances.iter().skip(first);
        for (i, (lower, distance)) in scores.padded().zip(distances).enumerate() {
            let limit = score_at_most(*distance as f64, rows.length(i));
            let (mut open, mut count) = ([0; GROUP], 0);
            each_within(simd, lower, limit, |point| {
                if let Some(place) = open.get_mut(count) {
                    *place = point;
                    count += 1;
                }
            });
            // Not in the closure, which is not compiled for the vectors that this function is compiled for. What fills
            // a group up is no point.
            for point in open.into_iter().take(count).filter(|point| *point < panel.clusters()) {
                gains.open += 1;
                gains.add(closest, first + i, point, squared_distance(rows.row(i), panel.codeword(point)));
            }
        }
        gains
    }
}

/// The rows drawn as points, and for each of these the rows that it may be nearer to.
pub(super) struct ListedGains<'a> {
    pub(super) rows: &'a TableRows,
    pub(super) drawn: &'a [usize],
    pub(super) neighbours: &'a Neighbours,
    pub(super) closest: &'a Closest,
}

impl pulp::WithSimd for ListedGains<'_> {
    type Output = Gains;

    /// # Exactness
    /// A row that is not listed was not nearer to the point than to its codeword when the lists were made, and its own
    /// distance has only become smaller since. A distance in f32 is within e of the exact one, which is above `closest`
    /// where that in f32 is above `(1 + 3 e) closest`.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Gains {
        let Self { rows, drawn, neighbours, closest } = self;
        let mut gains = Gains::NONE;
        let most = 1.0 + 3.0 * f64::from(relative_error(rows.dim()));
        for (point, drawn) in drawn.iter().enumerate() {
            let values = rows.row(*drawn);
            for row in neighbours.of_row(*drawn) {
                let row = *row as usize;
                let about = approximate_squared_distance(simd, rows.row(row), values);
                if f64::from(about) <= closest.distance(row) as f64 * most {
                    gains.add(closest, row, point, squared_distance(rows.row(row), values));
                }
            }
        }
        gains
    }
}
