//! Reads what an encode needs.

use crate::args::{Assignment, Common, EncodeArgs, without_labels};
use crate::extension::extension;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::outliers;
use crate::output::{self, Failure};
use crate::warnings::{Noticed, Usage};
use semid::rq::EncodeReport;
use semid::{Encoder, Labels, Model, Rows};

/// The rows, the model, and what belongs to the rows.
pub(super) struct Opened<'a> {
    pub(super) args: &'a EncodeArgs,
    pub(super) model: Model,
    pub(super) encoder: Encoder,
    pub(super) input: Input,
    labels: Option<Labels>,
    /// The keys of the items, if they were asked for.
    pub(super) keys: Option<Vec<String>>,
    pub(super) pairs: Option<PairFacts>,
}

impl<'a> Opened<'a> {
    /// Opens the files that the flags name; refuses outputs that would replace one of them.
    pub(super) fn new(common: &Common, args: &'a EncodeArgs) -> Result<Self, Failure> {
        let model = Model::load(&args.model)?;
        let encoder = encoder(&model, args)?;
        let ids = Texts { column: args.id_column.as_deref(), file: args.items.as_deref() };
        let tables = model.label_tables();
        let input = Input::open_for(common, &args.input, ids, &args.prefix.columns(tables), Some(&model))?;
        let labels = input.labels(&args.prefix, tables)?;
        let keys = keys(args, &input)?;
        let (input, pairs) = input.smoothed(&args.pairs, |_| Ok(keys.clone()), pairs::weight_of(&model), None)?;
        let encoder = match &labels {
            Some(labels) => encoder.labels(labels),
            None => encoder,
        };
        input.check_output(&args.output)?;
        output::differs_from(&args.output, &args.model, "model")?;
        args.pairs.pairs.iter().chain(&args.items).try_for_each(|file| output::differs(&args.output, file))?;
        Ok(Self { args, model, encoder, input, labels, keys, pairs })
    }

    /// Notices rows of zeros and, where the encode itself does not report them, values beyond the model's grid.
    pub(super) fn noticed(&self, rows: &dyn Rows) -> Noticed {
        match self.model.grid() {
            Some(_) => Noticed::new(rows, self.model.metric()),
            None => Noticed::of_model(rows, &self.model),
        }
    }

    /// Returns what a user should know about the rows and their codes.
    pub(super) fn warnings(&self, report: &EncodeReport, noticed: &Noticed, usage: &Usage) -> Vec<String> {
        let number = |row| self.input.rows.input_row(row);
        let beyond = match self.model.grid() {
            Some(_) => outliers::reported(report.saturated_values, &report.outliers, number),
            None => outliers::latents(report.saturated_values, &report.outliers, number),
        };
        [
            self.input.warnings(),
            pairs::warn(self.pairs.as_ref()),
            without_labels(self.labels.as_ref(), self.model.label_tables()),
            beyond,
            noticed.warnings(number),
            usage.warnings(report.rows as usize),
        ]
        .concat()
    }
}

/// Returns an encoder as the flags say.
fn encoder(model: &Model, args: &EncodeArgs) -> Result<Encoder, Failure> {
    let encoder = match args.assignment {
        Assignment::Nearest => model.encoder(),
        Assignment::Priced => model.encoder().priced().map_err(|error| Failure::of_file(error, &args.model))?,
    };
    let encoder = match args.capacity {
        None => encoder,
        Some(capacity) => encoder.capacity(capacity),
    };
    Ok(match args.beam {
        None => encoder,
        Some(width) => encoder.beam(width),
    })
}

/// Returns the item keys, if they were asked for.
fn keys(args: &EncodeArgs, input: &Input) -> Result<Option<Vec<String>>, Failure> {
    let keys = input.keys((args.id_column.as_deref(), args.items.as_deref()))?;
    if extension(&args.output) == "npy" && keys.is_some() && args.pairs.pairs.is_none() {
        let output = args.output.display();
        return Err(Failure::Error(format!("{output}: a .npy file has no item keys; use .csv, .jsonl or .parquet")));
    }
    Ok(keys)
}
