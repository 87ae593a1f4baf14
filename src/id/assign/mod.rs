//! Gives IDs to the items of a batch.

mod order;
mod plan;
mod suffix;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

pub(super) use order::{Order, check};
pub(super) use plan::{CodePlan, plan};

use super::reassign::{FindCandidates, Placed, Space, UsedBelow, reassign};
use super::resolver::Resolver;
use super::semantic_id::SemanticId;
use super::shape::Shape;
use super::store::{Entry, Manifest, Record, Store, answers};
use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::quantizer::{Costs, CostsOfRow};
use std::collections::HashMap;

/// The IDs of a batch, and counts of what was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// The ID of the item of every row.
    pub assignments: Vec<Assignment>,
    /// Counts of new, kept and moved IDs.
    pub report: AssignReport,
}

/// The ID of one row's item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The ID.
    pub id: SemanticId,
    /// Whether this call gave the ID; false where the item had it before.
    pub new: bool,
}

/// Counts of one assignment; `items` = `new` + `kept`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AssignReport {
    /// Rows of the call.
    pub items: u64,
    /// IDs that this call gave.
    pub new: u64,
    /// Rows whose item keeps the ID it had, or got from an earlier row of the call.
    pub kept: u64,
    /// New items whose encoded codes were taken.
    pub collisions: u64,
    /// New items that were moved to other codes.
    pub moved: u64,
    /// Rows of known items whose codes differ from those they were registered with; where such items get new IDs, each
    /// item counts once.
    pub changed: u64,
    /// The increase of the squared distances between items and their codes that moving caused, summed, in units of the
    /// embeddings.
    pub added_distance: f64,
}

impl std::ops::AddAssign for AssignReport {
    fn add_assign(&mut self, other: Self) {
        self.items += other.items;
        self.new += other.new;
        self.kept += other.kept;
        self.collisions += other.collisions;
        self.moved += other.moved;
        self.changed += other.changed;
        self.added_distance += other.added_distance;
    }
}

/// Items with their codes, and what is needed to move them.
pub(crate) struct ItemBatch<'a> {
    pub(crate) items: &'a [&'a str],
    pub(crate) codes: &'a Codes,
    /// The number that error messages give to the first row.
    pub(crate) first_row: usize,
    /// Distances for moving items; none where the caller has no model.
    pub(crate) geometry: Option<Geometry<'a>>,
}

/// Distances between the rows of a batch and codewords, and their scale.
pub(crate) struct Geometry<'a> {
    pub(crate) costs: &'a dyn Costs,
    pub(crate) clusters: &'a [usize],
    /// How many first levels have codes that labels give, which no item changes.
    pub(crate) fixed: usize,
    /// Squared length of one step of the codewords' grid, in units of the embeddings.
    pub(crate) squared_step: f64,
    /// Finds the candidates of rows of the batch, where items move to candidates first.
    pub(crate) candidates: Option<&'a FindCandidates<'a>>,
}

/// The settings that an assignment obeys.
pub(super) struct Rules<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) shape: &'a Shape,
    pub(super) update_changed: bool,
}

/// Keeps the IDs of known items and gives IDs to new ones; the caller has begun a transaction.
///
/// Asks the store about all items of the batch in one call and adds all new records in another.
pub(super) fn assign(
    store: &mut dyn Store,
    rules: &Rules<'_>,
    batch: &ItemBatch<'_>,
    order: &Order,
    plan: Option<&CodePlan>,
) -> Result<Assigned> {
    let mut report = AssignReport { items: batch.items.len() as u64, ..AssignReport::default() };
    let mut assignments: Vec<Option<Assignment>> = vec![None; batch.items.len()];
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    let keys: Vec<&str> = order.groups().filter_map(|rows| batch.items.get(*rows.first()?).copied()).collect();
    for (rows, entry) in order.groups().zip(answers(store.entries(&keys)?, keys.len())?) {
        let Some(row) = rows.first() else { continue };
        let (Some(item), Some(codes)) = (batch.items.get(*row), batch.codes.get(*row)) else { continue };
        let Some(entry) = entry else {
            new.push((*row, *item, codes));
            continue;
        };
        rules.shape.check(&entry)?;
        match (entry.encoded() != codes, rules.update_changed) {
            (true, true) => {
                report.changed += 1;
                changed.push(*item);
                new.push((*row, *item, codes));
                continue;
            }
            (true, false) => report.changed += rows.len() as u64,
            (false, _) => {}
        }
        set(&mut assignments, *row, Assignment { id: entry.id, new: false });
    }
    if !changed.is_empty() {
        store.retire(&changed)?;
    }
    new.sort_unstable_by_key(|(row, ..)| *row);
    for ((row, ..), id) in new.iter().zip(register(store, rules.manifest, batch, &new, plan, &mut report)?) {
        set(&mut assignments, *row, Assignment { id, new: true });
    }
    report.new = new.len() as u64;
    report.kept = report.items - report.new;
    Ok(Assigned { assignments: repeat(assignments, &order.first_rows), report })
}

fn set(assignments: &mut [Option<Assignment>], row: usize, assignment: Assignment) {
    assignments.get_mut(row).into_iter().for_each(|place| *place = Some(assignment.clone()));
}

/// Copies the ID of an item's first row to its later rows.
fn repeat(assignments: Vec<Option<Assignment>>, first_rows: &[usize]) -> Vec<Assignment> {
    let mut all: Vec<Assignment> = Vec::with_capacity(assignments.len());
    for (assignment, first) in assignments.into_iter().zip(first_rows) {
        let assignment = assignment.or_else(|| Some(Assignment { new: false, ..all.get(*first)?.clone() }));
        all.extend(assignment);
    }
    all
}

/// A new item: row, key, codes.
type New<'a> = (usize, &'a str, &'a [u32]);

/// Gives IDs to new items. Of items with the same codes, the first in `new` gets the lowest suffix.
fn register(
    store: &mut dyn Store,
    manifest: &Manifest,
    batch: &ItemBatch<'_>,
    new: &[New<'_>],
    plan: Option<&CodePlan>,
    report: &mut AssignReport,
) -> Result<Vec<SemanticId>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let moved = match manifest.resolver() {
        Resolver::Reassign { capacity } => Some(moved(store, u64::from(capacity.get()), batch, new, plan, report)?),
        _ => None,
    };
    let codes_of = |i: usize, encoded| moved.as_ref().and_then(|moved| moved.get(i)).map_or(encoded, Vec::as_slice);
    let mut places: Vec<_> = new.iter().enumerate().map(|(i, new)| (codes_of(i, new.2), i, new)).collect();
    // Sorted, so that a store writes neighbours together; items with the same codes stay in their order.
    places.sort_unstable_by_key(|(codes, i, _)| (*codes, *i));
    let keys: Vec<_> = places.iter().map(|(codes, _, (_, item, _))| (*codes, *item)).collect();
    let suffixes = suffix::give(store, manifest.resolver(), &keys)?;
    let mut ids = vec![SemanticId::default(); new.len()];
    let mut records = Vec::with_capacity(new.len());
    for ((codes, i, (_, item, encoded)), suffix) in places.into_iter().zip(suffixes) {
        report.collisions += u64::from(moved.is_none() && suffix > 0);
        report.moved += u64::from(codes != *encoded);
        let encoded = (codes != *encoded).then(|| encoded.to_vec());
        let id = SemanticId::new(codes.to_vec(), suffix);
        ids.get_mut(i).into_iter().for_each(|place| *place = id.clone());
        records.push(Record::new(*item, Entry { id, encoded }));
    }
    store.insert(&records)?;
    Ok(ids)
}

/// Returns each of the new items' codes once, sorted.
fn distinct<'a>(new: &[New<'a>]) -> Vec<&'a [u32]> {
    let mut distinct: Vec<&[u32]> = new.iter().map(|(_, _, codes)| *codes).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Returns the codes of each new item after moving, so that no more than `capacity` items share codes where places are
/// free.
fn moved(
    store: &dyn Store,
    capacity: u64,
    batch: &ItemBatch<'_>,
    new: &[New<'_>],
    plan: Option<&CodePlan>,
    report: &mut AssignReport,
) -> Result<Vec<Vec<u32>>> {
    let distinct = distinct(new);
    let mut used: HashMap<&[u32], u64> = distinct.iter().copied().zip(store.used(&distinct)?).collect();
    for (_, _, codes) in new {
        let used = used.entry(codes).or_default();
        report.collisions += u64::from(*used >= capacity);
        *used = used.saturating_add(1);
    }
    let geometry = geometry(batch)?;
    let placed = match plan.filter(|plan| plan.holds_for(new)) {
        Some(plan) if plan.still_holds(store)? => plan.placed.clone(),
        _ => place(&mut |prefixes| answers(store.used_below(prefixes)?, prefixes.len()), capacity, geometry, new)?,
    };
    report.added_distance = placed.iter().map(|p| p.added_distance).sum::<i128>() as f64 * geometry.squared_step;
    Ok(placed.into_iter().map(|placed| placed.codes).collect())
}

fn geometry<'a>(batch: &'a ItemBatch<'_>) -> Result<&'a Geometry<'a>> {
    let missing = || Error::parameter("resolver", "reassign", "must have a model, as in an engine");
    batch.geometry.as_ref().ok_or_else(missing)
}

/// Places the new items with [`reassign`].
fn place(
    used_below: &mut UsedBelow<'_>,
    capacity: u64,
    geometry: &Geometry<'_>,
    new: &[New<'_>],
) -> Result<Vec<Placed>> {
    let encoded: Vec<Vec<u32>> = new.iter().map(|(_, _, codes)| codes.to_vec()).collect();
    let keys: Vec<&str> = new.iter().map(|(_, item, _)| *item).collect();
    let costs = RowCosts { costs: geometry.costs, rows: new.iter().map(|(row, ..)| *row).collect() };
    let find = geometry.candidates.map(|find| |items: &[usize]| find(&costs.rows_of(items)?));
    let find = find.as_ref().map(|find| find as &FindCandidates<'_>);
    let space = Space { clusters: geometry.clusters, fixed: geometry.fixed, capacity };
    reassign(&encoded, &keys, space, used_below, &costs, find)
}

/// The costs of new items, numbered from 0, taken from the costs of the batch's rows.
struct RowCosts<'a> {
    costs: &'a dyn Costs,
    rows: Vec<usize>,
}

impl RowCosts<'_> {
    fn row(&self, item: usize) -> Result<usize> {
        self.rows.get(item).copied().ok_or_else(|| Error::parameter("item", item, "must be a new item"))
    }

    fn rows_of(&self, items: &[usize]) -> Result<Vec<usize>> {
        items.iter().map(|item| self.row(*item)).collect()
    }
}

impl Costs for RowCosts<'_> {
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.costs.distances(self.row(item)?, prefix)
    }

    fn of_row(&self, item: usize) -> Result<Box<CostsOfRow<'_>>> {
        self.costs.of_row(self.row(item)?)
    }

    fn alike(&self, items: &[usize]) -> Result<Vec<usize>> {
        self.costs.alike(&self.rows_of(items)?)
    }

    fn go_on(&self) -> Result<()> {
        self.costs.go_on()
    }
}
