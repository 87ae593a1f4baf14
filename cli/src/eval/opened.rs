//! Reads what an evaluation of a model needs.

use super::co_occurrence;
use crate::args::{Common, EvalArgs};
use crate::input::labels::ItemLabels;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::output::Failure;
use semid::{Labels, Model, Weights};

/// The rows, and what belongs to them.
pub(super) struct EvalInputs {
    pub(super) input: Input,
    pub(super) weights: Option<Weights>,
    /// The labels that give rows their first codes.
    pub(super) prefixes: Option<Labels>,
    /// The labels that items with a common prefix should share.
    pub(super) labels: Option<ItemLabels>,
    /// The keys of the items, if something needs them.
    pub(super) keys: Option<Vec<String>>,
    pub(super) pairs: Option<PairFacts>,
}

impl EvalInputs {
    pub(super) fn new(common: &Common, args: &EvalArgs, model: &Model) -> Result<Self, Failure> {
        let tables = model.label_tables();
        let (interactions, smooth) = (args.ids.interactions.as_deref(), &args.smooth);
        co_occurrence::check_keys(&args.keys, interactions, smooth)?;
        let own = [&args.label_column, &args.ids.weight_column, &args.keys.id_column].map(Option::as_deref);
        let columns = [own.to_vec(), args.prefix.columns(tables)].concat();
        let input = Input::open_for(common, &args.input, Texts::default(), &columns, Some(model))?;
        let weights = input.weights(&args.weight_args())?;
        // Without an encode, labels that flags name are those of an older model.
        let prefixes = match (tables, &args.codes) {
            ([], Some(_)) => None,
            _ => input.labels(&args.prefix, tables)?,
        };
        let keys = co_occurrence::keys(&args.keys, &input, interactions, smooth)?;
        let weight = pairs::weight_of(model);
        let (input, pairs) = input.smoothed(&smooth.pair_args(), |_| Ok(keys.clone()), weight, None)?;
        let labels = input.item_labels(args.label_column.as_deref(), args.labels.as_deref())?;
        Ok(Self { input, weights, prefixes, labels, keys, pairs })
    }
}
