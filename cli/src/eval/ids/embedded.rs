//! Measures IDs together with the embeddings of their items.

use crate::args::{Common, EvalArgs};
use crate::evaluation::evaluation;
use crate::input::{Input, Texts};
use crate::interrupt::{self, Watched};
use crate::items;
use crate::output::Failure;
use crate::progress::Bar;
use semid::mapping::Mapping;
use semid::metrics::{CollisionKinds, IdNeighborMetrics, KindCount, PrefixPurity, collision_kinds, prefix_purity};
use semid::{Metric, Rows};
use serde::Serialize;

/// The measures of IDs that need embeddings.
#[derive(Serialize)]
pub(super) struct Embedded {
    pub(super) rows: usize,
    pub(super) rows_without_id: usize,
    pub(super) items_without_row: usize,
    pub(super) dim: usize,
    pub(super) metric: &'static str,
    pub(super) collisions: Kinds,
    #[serde(flatten)]
    pub(super) neighbors: Option<IdNeighborMetrics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix_purity: Option<Vec<PrefixPurity>>,
    pub(super) device: String,
}

/// [`CollisionKinds`], with the keys of the items instead of the numbers of their rows.
#[derive(Serialize)]
pub(super) struct Kinds {
    pub(super) quantile: f64,
    pub(super) near_distance: f64,
    pub(super) exact_duplicates: KindCount,
    pub(super) near_duplicates: KindCount,
    pub(super) conflicts: KindCount,
    pub(super) largest_conflicts: Vec<Named>,
}

/// A conflict, and the two items that are farthest apart.
#[derive(Serialize)]
pub(super) struct Named {
    pub(super) codes: Vec<u32>,
    pub(super) items: u64,
    pub(super) largest_distance: f64,
    pub(super) between: [String; 2],
}

impl Embedded {
    /// Measures IDs and embeddings, if there are embeddings.
    pub(super) fn measure(common: &Common, args: &EvalArgs, mapping: &Mapping) -> Result<Option<Self>, Failure> {
        if args.input.input.is_empty() {
            return Ok(None);
        }
        let texts = Texts { column: args.ids.keys.id_column.as_deref(), file: args.ids.keys.items.as_deref() };
        let input = Input::open(common, &args.input, texts, args.label_column.as_deref())?;
        let keys = keys(args, &input)?;
        let rows = Watched::new(&input.rows);
        let joined = mapping.join(&rows, &keys).map_err(|error| input.failure(error))?;
        let label_column = ("--label-column", args.label_column.as_deref());
        let labels = input.texts(label_column, ("labels", "--labels", args.labels.as_deref()))?;
        let own = |all: &[String]| -> Vec<String> {
            joined.places().iter().map(|row| all.get(*row).cloned().unwrap_or_default()).collect()
        };
        let purity = labels.map(|labels| prefix_purity(joined.codes(), &own(&labels), args.seed)).transpose();
        let metric = Metric::from(args.ids.metric);
        let device = common.device()?;
        let bar = Bar::comparisons(common);
        bar.name("collisions");
        let kinds = collision_kinds(&joined, joined.codes(), metric, args.ids.near_quantile, args.seed, &device)
            .map_err(|error| input.failure(error))?;
        let evaluation = evaluation(joined.len(), args.k, args.sample, args.pairs, args.seed);
        let neighbors = (args.k > 0).then(|| {
            evaluation.on(&joined).run_ids(joined.codes(), metric, &device, |progress| {
                bar.compared(progress);
                interrupt::flow()
            })
        });
        let neighbors = neighbors.transpose().map_err(|error| input.failure(error))?;
        Ok(Some(Self {
            rows: joined.len(),
            rows_without_id: joined.rows_without_id(),
            items_without_row: joined.items_without_row(),
            dim: joined.dim(),
            metric: metric.name(),
            collisions: named(kinds, &own(&keys)),
            neighbors,
            prefix_purity: purity.map_err(|error| input.failure(error))?,
            device: device.info().name.clone(),
        }))
    }
}

/// Returns the keys of the rows; those of codes in an .npy file are the numbers of the rows.
fn keys(args: &EvalArgs, input: &Input) -> Result<Vec<String>, Failure> {
    let of_keys = &args.ids.keys;
    let numbered = args.ids.ids.as_deref().is_some_and(|ids| super::super::has_extension(ids, "npy"));
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
        exact_duplicates: kinds.exact_duplicates,
        near_duplicates: kinds.near_duplicates,
        conflicts: kinds.conflicts,
        largest_conflicts: conflicts.collect(),
    }
}
