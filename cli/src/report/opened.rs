//! Reads what a page about a model needs.

use crate::args::{Common, KeyArgs, ReportArgs};
use crate::eval::co_occurrence;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::output::Failure;
use semid::{Labels, Model, Weights};

/// The rows, and what belongs to them.
pub(super) struct ReportInputs {
    pub(super) input: Input,
    /// The labels that give rows their first codes.
    pub(super) labels: Option<Labels>,
    pub(super) weights: Option<Weights>,
    /// The keys of the items, if something needs them.
    pub(super) keys: Option<Vec<String>>,
    pub(super) pairs: Option<PairFacts>,
}

impl ReportInputs {
    pub(super) fn new(common: &Common, args: &ReportArgs, model: &Model) -> Result<Self, Failure> {
        let (interactions, smooth) = (args.ids.interactions.as_deref(), &args.smooth);
        // The other flags of keys are for the page too.
        let numbers = KeyArgs { row_numbers: args.row_numbers, ..KeyArgs::default() };
        co_occurrence::check_keys(&numbers, interactions, smooth)?;
        let tables = model.label_tables();
        let own = [&args.page.label_column, &args.ids.weight_column].map(Option::as_deref);
        let columns = [own.to_vec(), args.prefix.columns(tables)].concat();
        let names = Texts { column: args.page.id_column.as_deref(), file: args.page.items.as_deref() };
        let input = Input::open_for(common, &args.input, names, &columns, Some(model))?;
        let labels = input.labels(&args.prefix, tables)?;
        let weights = input.weights(&args.weight_args())?;
        let keys = co_occurrence::keys(&args.keys(), &input, interactions, smooth)?;
        let weight = pairs::weight_of(model);
        let (input, pairs) = input.smoothed(&smooth.pair_args(), |_| Ok(keys.clone()), weight, None)?;
        Ok(Self { input, labels, weights, keys, pairs })
    }
}
