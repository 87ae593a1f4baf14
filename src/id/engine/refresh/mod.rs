//! Refreshes an engine: a newer model takes the place of its own, and items that gain enough get new IDs.

use super::SemanticIdEngine;
use super::batch::{Repeated, RowsPart, in_memory};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::id::registry::Planned;
use crate::id::semantic_id::SemanticId;
use crate::id::store::{Entry, answers};
use crate::model::Model;
use crate::quantizer::Costs;
use crate::rows::{Matrix, Rows};
use rayon::prelude::*;
use std::collections::HashSet;

/// Which items [`SemanticIdEngine::move_if_gain`] moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoveLimits {
    /// An item moves only if its squared distance shrinks by more than this share of what it was: 0.1 is a tenth.
    pub gain: f64,
    /// The most items that move.
    pub at_most: u64,
}

/// An item that got a new ID.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Move {
    /// The item key.
    pub item: String,
    /// The ID that it had, which is retired.
    pub from: SemanticId,
    /// The ID that it has.
    pub to: SemanticId,
    /// The squared distance between the item and the point that the codes of the old ID stand for, in squared units of
    /// the embeddings or, for a network, of its latents.
    pub before: f64,
    /// The same for the new ID.
    pub after: f64,
}

impl Move {
    /// Returns by how much the squared distance has shrunk.
    pub fn gain(&self) -> f64 {
        self.before - self.after
    }
}

/// Counts of [`SemanticIdEngine::move_if_gain`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveReport {
    /// Different items among the rows.
    pub items: u64,
    /// Items that have no ID.
    pub unknown: u64,
    /// Items to which the model gives other codes than those of their IDs.
    pub changed: u64,
    /// Items of these that would gain enough.
    pub gaining: u64,
    /// Items that got new IDs.
    pub moved: u64,
}

/// An item that would gain enough; distances are in squared grid steps.
struct Candidate<'a> {
    item: &'a str,
    id: SemanticId,
    codes: Vec<u32>,
    before: u64,
    after: u64,
}

impl SemanticIdEngine {
    /// Puts a newer model in the place of the engine's own, for all namespaces of its store. No ID changes. Items that
    /// are assigned from now on get codes of the new model; the manifest remembers the fingerprints of the models
    /// before, see [`Manifest::former_fingerprints`](crate::registry::Manifest::former_fingerprints). Other processes
    /// that still work with the older model are refused at their next batch.
    ///
    /// The model has to be a refresh of the engine's own: of the same kind, dimensions, clusters and metric, and fitted
    /// from it (see [`WarmStart`](crate::rq::WarmStart)) or with its codes aligned to it (see [`Model::align_to`]), as
    /// its parameters say. A model that the engine has already changes nothing.
    ///
    /// See [`SemanticIdEngine::move_if_gain`] for an example.
    ///
    /// # Errors
    /// [`ErrorKind::NoRefresh`] for any other model, [`ErrorKind::OtherModel`] where another process has given the
    /// registry yet another one, and any error of the store, which then is as before.
    pub fn adopt_model(&mut self, model: impl Into<Model>) -> Result<()> {
        let model = model.into();
        let own = self.model.fingerprint();
        if model.fingerprint() == own {
            return Ok(());
        }
        if let Some(why) = no_refresh(&self.model, &model) {
            return Err(ErrorKind::NoRefresh { expected: own, found: model.fingerprint(), why }.into());
        }
        self.registry.adopt(&model.fingerprint(), &model.to_bytes()?)?;
        self.encoder = match self.beam {
            Some(width) => model.encoder().beam(width),
            None => model.encoder(),
        };
        self.model = model;
        Ok(())
    }

    /// Gives new IDs to the items that gain most by them, and to few of them, so that what was learned about the old
    /// IDs stays useful: of the items to which the model gives other codes than those of their IDs, those whose squared
    /// distance shrinks by more than a share of what it was. The largest decrease goes first, the lowest item key on a
    /// tie, up to [`MoveLimits::at_most`] items. Old IDs are retired. Items without an ID get none.
    ///
    /// All moves are one transaction: either all are done, or none. `log` hears of them before that is committed, best
    /// first, and its error undoes them.
    ///
    /// # Shapes
    /// `rows` (N, D), N item keys.
    ///
    /// # Exactness
    /// Distances are exact integers, so the moves are the same on every device, for any order of the rows.
    ///
    /// # Errors
    /// As for [`SemanticIdEngine::unique_ids`]; [`ErrorKind::Parameter`] for a gain that is no number from 0 on, for
    /// [`Resolver::Reassign`](crate::registry::Resolver::Reassign), whose IDs may be of other codes than the nearest,
    /// for a model that scales the residuals of every level, whose distances do not compare, and for one whose first
    /// codes labels give.
    ///
    /// ```
    /// use semid::registry::{MemoryStore, MoveLimits, Resolver};
    /// use semid::rq::WarmStart;
    /// use semid::{Device, IdFormat, Matrix, RqKMeans, SemanticIdEngine};
    ///
    /// let values: Vec<f32> = (0..800).map(|i| ((i * i) % 251) as f32).collect();
    /// let newer: Vec<f32> = values.iter().enumerate().map(|(i, value)| value + (i % 7) as f32 * 9.0).collect();
    /// let (old, new) = (Matrix::new(&values, 4)?, Matrix::new(&newer, 4)?);
    /// let items: Vec<String> = (0..200).map(|i| format!("item {i}")).collect();
    /// let (params, device) = (RqKMeans::new(2, 8), Device::cpu());
    /// let model = params.fit(&old, &device)?;
    /// let (resolver, format) = (Resolver::default(), IdFormat::plain("-"));
    /// let mut engine = SemanticIdEngine::new(model.clone(), MemoryStore::new(), resolver, format)?;
    /// engine.unique_ids(&old, &items, &device)?;
    ///
    /// // The embeddings have changed: a model that starts from the old one, and new IDs for ten items at most.
    /// engine.adopt_model(params.fit_from(&WarmStart::new(&model), &new, &device)?)?;
    /// let limits = MoveLimits { gain: 0.2, at_most: 10 };
    /// let report = engine.move_if_gain(&new, &items, &device, &limits, |moves| {
    ///     moves.iter().for_each(|of| println!("{}: {:?} -> {:?}, {}", of.item, of.from, of.to, of.gain()));
    ///     Ok(())
    /// })?;
    /// assert!(report.moved <= 10 && report.gaining >= report.moved);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn move_if_gain<'a, S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &'a [S],
        device: &Device,
        limits: &MoveLimits,
        log: impl FnOnce(&[Move]) -> Result<()>,
    ) -> Result<MoveReport> {
        self.check_rows(rows, items.len())?;
        self.check_moves(limits.gain)?;
        let mut report = MoveReport::default();
        let mut best = self.gaining(rows, items, device, limits.gain, &mut report)?;
        report.gaining = best.len() as u64;
        best.sort_unstable_by(|a, b| (b.before - b.after).cmp(&(a.before - a.after)).then_with(|| a.item.cmp(b.item)));
        best.truncate(usize::try_from(limits.at_most).unwrap_or(usize::MAX));
        let plan = |of: &Candidate<'a>| Planned { item: of.item, id: of.id.clone(), codes: of.codes.clone() };
        let planned: Vec<Planned<'_>> = best.iter().map(plan).collect();
        let squared_step = self.model.step() * self.model.step();
        let moved = self.registry.move_items(&planned, |moved| {
            let of = |(place, to): &(usize, SemanticId)| {
                let Candidate { item, id, before, after, .. } = best.get(*place)?;
                let (before, after) = (*before as f64 * squared_step, *after as f64 * squared_step);
                Some(Move { item: (*item).to_owned(), from: id.clone(), to: to.clone(), before, after })
            };
            log(&moved.iter().filter_map(of).collect::<Vec<_>>())
        })?;
        report.moved = moved.len() as u64;
        Ok(report)
    }

    /// Returns whether [`SemanticIdEngine::move_if_gain`] can move items by this gain at all, so that nothing has to be
    /// assigned before it refuses.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`], as for [`SemanticIdEngine::move_if_gain`].
    pub fn check_moves(&self, gain: f64) -> Result<()> {
        if !(gain >= 0.0 && gain.is_finite()) {
            return Err(Error::parameter("gain", gain, "must be a finite number, 0 or more"));
        }
        if !self.model.reconstructs() {
            let expected = "give a model without normalised residuals, as distances of codes do not compare with these";
            return Err(Error::parameter("gain", gain, expected));
        }
        if !self.model.label_tables().is_empty() {
            let expected = "give a model without levels from labels, as labels give codes whatever the distances";
            return Err(Error::parameter("gain", gain, expected));
        }
        self.registry.check_moves()
    }

    fn check_rows(&self, rows: &dyn Rows, items: usize) -> Result<()> {
        if rows.dim() != self.model.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.model.dim(), found: rows.dim() }.into());
        }
        if rows.len() != items {
            return Err(ErrorKind::RowCount { what: "item keys", found: items, rows: rows.len() }.into());
        }
        Ok(())
    }

    /// Returns the items that would gain enough.
    fn gaining<'a, S: AsRef<str>>(
        &mut self,
        rows: &dyn Rows,
        items: &'a [S],
        device: &Device,
        gain: f64,
        report: &mut MoveReport,
    ) -> Result<Vec<Candidate<'a>>> {
        let (mut repeated, mut seen, mut all) = (Repeated::among(items)?, HashSet::new(), Vec::new());
        for (batch, items) in items.chunks(self.batch_rows).enumerate() {
            let first_row = batch.saturating_mul(self.batch_rows);
            let part = RowsPart { rows, first: first_row, len: items.len() };
            let of_all = |error: Error| part.error_of_all(error);
            let quantized = self.model.quantized_rows(&part, device).map_err(of_all)?;
            let codes = self.encode(&*quantized, None, device).map_err(of_all)?;
            let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
            repeated.check(first_row, &items, &codes)?;
            let changed = self.changed(&items, &codes, &mut seen, report)?;
            if changed.is_empty() {
                continue;
            }
            let values = in_memory(&*quantized).map_err(of_all)?;
            let matrix = Matrix::new(&values, quantized.dim())?;
            let costs = self.model.costs(&matrix, rows)?;
            let of_row = |(row, id): (usize, SemanticId)| -> Result<Option<Candidate<'a>>> {
                let (Some(item), Some(codes)) = (items.get(row), codes.get(row)) else { return Ok(None) };
                costs.go_on()?;
                let (before, after) = (distance(&*costs, row, &id.codes)?, distance(&*costs, row, codes)?);
                let enough = before > after && (before - after) as f64 > gain * before as f64;
                Ok(enough.then(|| Candidate { item, id, codes: codes.to_vec(), before, after }))
            };
            let found: Result<Vec<Option<Candidate<'a>>>> = changed.into_par_iter().map(of_row).collect();
            all.extend(found?.into_iter().flatten());
        }
        Ok(all)
    }

    /// Returns the rows whose items have IDs of other codes, with these IDs; an item that comes again counts once.
    fn changed<'a>(
        &self,
        items: &[&'a str],
        codes: &Codes,
        seen: &mut HashSet<&'a str>,
        report: &mut MoveReport,
    ) -> Result<Vec<(usize, SemanticId)>> {
        let entries: Vec<Option<Entry>> = answers(self.registry.entries(items)?, items.len())?;
        let mut changed = Vec::new();
        for (row, ((item, entry), codes)) in items.iter().zip(entries).zip(codes.rows()).enumerate() {
            if !seen.insert(*item) {
                continue;
            }
            report.items += 1;
            match entry {
                None => report.unknown += 1,
                Some(entry) if entry.id.codes == codes => {}
                Some(entry) => changed.push((row, entry.id)),
            }
        }
        report.changed += changed.len() as u64;
        Ok(changed)
    }
}

/// Returns the squared distance of a row at some codes.
fn distance(costs: &dyn Costs, row: usize, codes: &[u32]) -> Result<u64> {
    let Some((last, prefix)) = codes.split_last() else { return Ok(0) };
    let damaged = || Error::damaged_registry(format!("an ID has code {last}, which the last level does not have"));
    costs.distances(row, prefix)?.get(*last as usize).copied().ok_or_else(damaged)
}

/// Says why a model is no refresh of another; none where it is one.
fn no_refresh(own: &Model, model: &Model) -> Option<String> {
    let shape = |model: &Model| (model.kind(), model.dim(), model.clusters(), model.metric());
    let (expected, found) = (shape(own), shape(model));
    if expected != found {
        let differs = format!("it has kind, dimensions, clusters and metric {found:?} in place of {expected:?}");
        return Some(format!("{differs}; make a new registry for it"));
    }
    let names = |field: &str| {
        let parameters = model.parameters();
        parameters.and_then(|fields| fields.get(field)).and_then(|name| name.as_str()).map(str::to_owned)
    };
    let own = own.fingerprint();
    let is_refresh = ["warm_start", "align_to"].into_iter().any(|field| names(field).as_ref() == Some(&own));
    let advice = match model.label_tables().is_empty() {
        true => "fit it from that model, or align its codes to it",
        false => "models whose first codes labels give cannot be refreshed: make a new registry",
    };
    (!is_refresh).then(|| format!("it was neither fitted from that model nor aligned to it; {advice}"))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
