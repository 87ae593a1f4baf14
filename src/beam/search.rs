//! The beam of some rows, on a device: every place of every row is a row of a table.

use super::Beam;
use super::select::{Extension, fill, first, ranks};
use crate::codebook::Codebook;
use crate::device::{Device, Purpose, Table};
use crate::error::{Result, try_zeros};
use crate::kernel::range_search::RangeMatches;
use crate::quantizer::Candidates;
use rayon::prelude::*;

/// A limit that no distance reaches.
const ALL: i128 = 1 << 64;

/// A search of codes for `rows` rows at a time.
pub(super) struct BeamSearch<'a> {
    levels: Vec<&'a Codebook>,
    beam: Beam,
    device: &'a Device,
    rows: usize,
    /// One table per level, with a row for each place before the level.
    tables: Vec<Box<dyn Table>>,
}

/// Rows before a search: the codes of levels before those searched, if there are any, and what these leave.
pub(crate) struct BeamStart {
    /// The same number for every row (n, G).
    pub(crate) codes: Vec<u32>,
    /// (n, D).
    pub(crate) residuals: Vec<i32>,
}

/// What the places of all rows hold before a level.
struct KeptPlaces {
    /// Places per row, P.
    places: usize,
    /// Codes per place, l.
    levels: usize,
    /// (n, P, l).
    codes: Vec<u32>,
    /// What the codes leave of the rows (n, P, D).
    residuals: Vec<i32>,
}

impl<'a> BeamSearch<'a> {
    /// Prepares the search of codes of `levels`, whose largest components add up to at most 2^23, for `rows` rows.
    pub(super) fn new(levels: &[&'a Codebook], beam: Beam, device: &'a Device, rows: usize) -> Result<Self> {
        let clusters: Vec<usize> = levels.iter().map(|level| level.clusters()).collect();
        let dim = levels.first().map_or(0, |level| level.dim());
        let table = |places: usize| device.engine().table(rows.saturating_mul(places), dim, Purpose::Encode);
        let tables = beam.places(&clusters).into_iter().map(table).collect::<Result<_>>()?;
        Ok(Self { levels: levels.to_vec(), beam, device, rows, tables })
    }

    /// Returns the number of rows of a search.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Searches codes for rows on the grid, after those that they have; returns their candidates, and how many
    /// assignments exact distances settled.
    pub(super) fn search(&mut self, BeamStart { codes, residuals }: BeamStart) -> Result<(Candidates, u64)> {
        let mut kept = KeptPlaces { places: 1, levels: codes.len() / self.rows.max(1), codes, residuals };
        let (levels, mut settled) = (self.levels.clone(), 0);
        for (level, codebook) in levels.iter().enumerate() {
            let last = level + 1 == levels.len();
            let all = kept.places.saturating_mul(codebook.clusters());
            let wanted = if last { self.beam.count } else { all.min(self.beam.width) };
            let near = self.extensions(level, codebook, &kept, wanted, &mut settled)?;
            let chosen = self.choose(&kept, &near, wanted, last);
            if last {
                let distances = chosen.iter().map(|extension| extension.distance).collect();
                return Ok((
                    Candidates::new(wanted, kept.levels + 1, kept.codes(&chosen, wanted), distances)?,
                    settled,
                ));
            }
            kept = kept.extended(codebook, &chosen, wanted)?;
        }
        Ok((Candidates::default(), settled))
    }

    /// Lists, for every place, the extensions that may be among the `wanted` ones of its row, with their distances.
    ///
    /// # Exactness
    /// Let P places hold codes, and let n(p) be the distance of the nearest extension of place p. Where at most P are
    /// wanted, none of them is farther than the `wanted`-th smallest n(p). At the last level this is plain, as the
    /// nearest extensions of `wanted` places are no farther. At a level before it, `wanted` is P. Place j then gets an
    /// extension within the largest of n(1) to n(j): of these j extensions at least one is not in the j - 1 places
    /// before. Where more are wanted than there are places, all extensions are listed.
    fn extensions(
        &mut self,
        level: usize,
        codebook: &Codebook,
        kept: &KeptPlaces,
        wanted: usize,
        settled: &mut u64,
    ) -> Result<RangeMatches> {
        let rows = self.rows * kept.places;
        let Some(table) = self.tables.get_mut(level) else { return Ok(RangeMatches::new()) };
        table.upload(0, &kept.residuals)?;
        let prices = vec![0; codebook.clusters()];
        if wanted > kept.places {
            return table.range_search(codebook, &prices, &vec![ALL; rows]);
        }
        let mut codes = try_zeros(rows, "codes")?;
        *settled += table.assign_and_codes(codebook, &mut codes)?.settled;
        let nearest = table.assigned_distances(codebook)?;
        if wanted == 1 {
            // Of every place only the nearest extension can be wanted.
            let mut near = RangeMatches::with_capacity(rows, rows)?;
            for (code, distance) in codes.into_iter().zip(nearest) {
                near.push(code, distance);
                near.end_row();
            }
            return Ok(near);
        }
        let limit = |of_row: &[u64]| {
            let mut of_row = of_row.to_vec();
            let (_, limit, _) = of_row.select_nth_unstable(wanted - 1);
            std::iter::repeat_n(i128::from(*limit) + 1, kept.places)
        };
        let limits: Vec<i128> = nearest.chunks_exact(kept.places).flat_map(limit).collect();
        table.range_search(codebook, &prices, &limits)
    }

    /// Chooses `wanted` extensions for every row.
    fn choose(&self, kept: &KeptPlaces, near: &RangeMatches, wanted: usize, last: bool) -> Vec<Extension> {
        let choose = |row: usize| {
            let ranks = ranks(kept.codes_of(row), kept.levels, kept.places);
            let list = |(place, rank): (usize, usize)| {
                let listed = near.row(row * kept.places + place);
                listed.map(|(code, distance)| Extension { distance, rank, code: code as u32, place }).collect()
            };
            let lists = ranks.into_iter().enumerate().map(list);
            if last { first(lists, wanted) } else { fill(lists, wanted) }
        };
        let (mut chosen, rows) = (Vec::new(), self.rows);
        self.device.engine().run(&mut || {
            chosen = (0..rows).into_par_iter().flat_map_iter(choose).collect();
        });
        chosen
    }
}

impl KeptPlaces {
    /// Returns the codes that the places of a row hold (P, l).
    fn codes_of(&self, row: usize) -> &[u32] {
        let len = self.places * self.levels;
        self.codes.get(row * len..(row + 1) * len).unwrap_or_default()
    }

    /// Returns the codes of extensions, `wanted` for every row.
    fn codes(&self, chosen: &[Extension], wanted: usize) -> Vec<u32> {
        let codes = |(at, extension): (usize, &Extension)| {
            let held = self.codes_of(at / wanted).chunks_exact(self.levels.max(1)).nth(extension.place);
            held.unwrap_or_default().iter().copied().chain([extension.code])
        };
        chosen.iter().enumerate().flat_map(codes).collect()
    }

    /// Returns what the places hold after a level, `wanted` of them for every row.
    fn extended(&self, codebook: &Codebook, chosen: &[Extension], wanted: usize) -> Result<Self> {
        let dim = codebook.dim();
        let mut residuals = try_zeros(chosen.len().saturating_mul(dim), "residuals of a beam")?;
        for ((at, extension), out) in chosen.iter().enumerate().zip(residuals.chunks_exact_mut(dim)) {
            let before = (at / wanted * self.places + extension.place) * dim;
            let before = self.residuals.get(before..before + dim).unwrap_or_default();
            let codeword = codebook.codeword(extension.code as usize).unwrap_or_default();
            out.iter_mut().zip(before.iter().zip(codeword)).for_each(|(out, (value, c))| *out = value - c);
        }
        Ok(Self { places: wanted, levels: self.levels + 1, codes: self.codes(chosen, wanted), residuals })
    }
}
