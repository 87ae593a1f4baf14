//! Measures IDs together with the embeddings of their items.

use super::{AskedOfIds, K};
use crate::args::Common;
use crate::evaluation::evaluation;
use crate::extension::extension;
use crate::heard::Heard;
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::items;
use crate::output::Failure;
use crate::progress::Bar;
use crate::warnings::Noticed;
use semid::mapping::{JoinedRows, Mapping};
use semid::metrics::{CollisionKinds, IdNeighborMetrics, KindCount, PrefixPurity, collision_kinds, prefix_purity};
use semid::{Metric, Rows};
use serde::Serialize;

/// The share of pairs that are near, unless a flag says another.
const NEAR_QUANTILE: f64 = 0.001;

/// The measures of IDs that need embeddings.
#[derive(Serialize)]
pub(crate) struct Embedded {
    pub(crate) rows: usize,
    pub(crate) rows_without_id: usize,
    /// Rows that were left out.
    #[serde(skip_serializing_if = "crate::output::is_zero")]
    pub(crate) bad_rows: usize,
    pub(crate) items_without_row: usize,
    pub(crate) dim: usize,
    pub(crate) metric: &'static str,
    pub(crate) collisions: Kinds,
    #[serde(flatten)]
    pub(crate) neighbors: Option<IdNeighborMetrics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix_purity: Option<Vec<PrefixPurity>>,
    pub(crate) device: String,
    #[serde(skip)]
    pub(crate) warnings: Vec<String>,
    /// The kinds of collisions, and the keys of the rows that they were measured on.
    #[serde(skip)]
    pub(crate) kinds: (CollisionKinds, Vec<String>),
}

/// [`CollisionKinds`], with the keys of the items instead of the numbers of their rows.
#[derive(Serialize)]
pub(crate) struct Kinds {
    pub(crate) quantile: f64,
    pub(crate) near_distance: f64,
    /// Number of pairs that say which distance is near, and whether these are all pairs.
    pub(crate) pairs: u64,
    pub(crate) near_is_exact: bool,
    pub(crate) exact_duplicates: KindCount,
    pub(crate) near_duplicates: KindCount,
    pub(crate) conflicts: KindCount,
    pub(crate) largest_conflicts: Vec<Named>,
}

/// A conflict, and the two items that are farthest apart.
#[derive(Serialize)]
pub(crate) struct Named {
    pub(crate) codes: Vec<u32>,
    pub(crate) items: u64,
    pub(crate) largest_distance: f64,
    pub(crate) between: [String; 2],
}

impl Embedded {
    /// Measures IDs and embeddings, if there are embeddings.
    pub(super) fn measure(common: &Common, asked: &AskedOfIds<'_>, mapping: &Mapping) -> Result<Option<Self>, Failure> {
        if asked.input.input.is_empty() {
            return Ok(None);
        }
        let texts = Texts { column: asked.keys.id_column.as_deref(), file: asked.keys.items.as_deref() };
        let (label_column, label_file) = asked.labels;
        let input = Input::open(common, asked.input, texts, label_column)?;
        asked.output.map_or(Ok(()), |output| input.check_output(output))?;
        let keys = keys(asked, &input)?;
        let watched = Watched::new(&input.rows);
        let metric = Metric::from(asked.ids.metric);
        let noticed = Noticed::new(&watched, metric);
        let see = |first: usize, values: &[f32]| noticed.see(first, values);
        let rows = Heard::new(&watched, &see);
        let joined = mapping.join(&rows, &keys).map_err(|error| input.failure(error))?;
        let labels = input.item_labels(label_column, label_file)?;
        let purity = labels.map(|labels| prefix_purity(joined.codes(), &own(&joined, &labels), asked.seed)).transpose();
        let device = common.device()?;
        let bar = Bar::comparisons(common);
        bar.name("collisions");
        let kinds = collision_kinds(
            &joined,
            joined.codes(),
            metric,
            asked.ids.near_quantile.unwrap_or(NEAR_QUANTILE),
            asked.seed,
            &device,
        )
        .map_err(|error| input.failure(error))?;
        let k = asked.k.unwrap_or(K.min(joined.len().saturating_sub(1)));
        let evaluation = evaluation(joined.len(), k, asked.sample, asked.pairs, asked.seed);
        let neighbors = (k > 0 && asked.sample != Some(0)).then(|| {
            evaluation.on(&joined).run_ids(joined.codes(), metric, &device, |progress| {
                bar.compared(progress);
                interrupt::flow()
            })
        });
        let neighbors = neighbors.transpose().map_err(|error| input.failure(error))?;
        let keys = own(&joined, &keys);
        Ok(Some(Self {
            rows: joined.len(),
            rows_without_id: joined.rows_without_id(),
            bad_rows: input.skipped(),
            items_without_row: joined.items_without_row(),
            dim: joined.dim(),
            metric: metric.name(),
            collisions: named(kinds.clone(), &keys),
            kinds: (kinds, keys),
            warnings: [input.warnings(), noticed.warnings(|row| input.rows.input_row(row))].concat(),
            neighbors,
            prefix_purity: purity.map_err(|error| input.failure(error))?,
            device: device.info().name.clone(),
        }))
    }
}

/// Returns what belongs to the rows that have an ID.
fn own<T: Clone + Default>(joined: &JoinedRows<'_>, all: &[T]) -> Vec<T> {
    joined.places().iter().map(|row| all.get(*row).cloned().unwrap_or_default()).collect()
}

/// Returns the keys of the rows; those of codes in an .npy file are the numbers of the rows.
fn keys(asked: &AskedOfIds<'_>, input: &Input) -> Result<Vec<String>, Failure> {
    let of_keys = asked.keys;
    let numbered = asked.ids.ids.as_deref().is_some_and(|ids| extension(ids) == "npy");
    match numbered && of_keys.id_column.is_none() && of_keys.items.is_none() {
        true => Ok((0..input.rows.len()).map(|row| input.rows.input_row(row).to_string()).collect()),
        false => items::of_rows(of_keys, input),
    }
}

fn named(kinds: CollisionKinds, keys: &[String]) -> Kinds {
    let conflicts = kinds.largest_conflicts.into_iter().map(|conflict| Named {
        between: conflict.rows.map(|row| keys.get(row).cloned().unwrap_or_default()),
        codes: conflict.codes,
        items: conflict.items,
        largest_distance: conflict.largest_distance,
    });
    Kinds {
        quantile: kinds.quantile,
        near_distance: kinds.near_distance,
        pairs: kinds.pairs,
        near_is_exact: kinds.near_is_exact,
        exact_duplicates: kinds.exact_duplicates,
        near_duplicates: kinds.near_duplicates,
        conflicts: kinds.conflicts,
        largest_conflicts: conflicts.collect(),
    }
}
