//! Reads what an encode needs, and encodes.

use super::sink::Sink;
use crate::args::{Assignment, Common, EncodeArgs, without_labels};
use crate::extension::extension;
use crate::heard::Heard;
use crate::input::pairs::{self, PairFacts};
use crate::input::{Input, Texts};
use crate::interrupt;
use crate::outliers;
use crate::output::{self, Failure};
use crate::progress::Bar;
use crate::warnings::{Noticed, Usage};
use semid::rq::EncodeReport;
use semid::{Device, Encoder, Labels, Model, Rows};

/// The rows, the model, and what belongs to the rows.
pub(super) struct Opened<'a> {
    args: &'a EncodeArgs,
    pub(super) model: Model,
    encoder: Encoder,
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
        let input = Input::open_for(common, &args.input, ids, &args.prefix.columns(tables), model.blocks())?;
        let labels = input.labels(&args.prefix, tables)?;
        let keys = keys(args, &input)?;
        let (input, pairs) = input.smoothed(&args.pairs, |_| Ok(keys.clone()), None, None)?;
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

    /// Encodes the rows into an output, and counts the codes that they use.
    pub(super) fn encode(
        &self,
        rows: &dyn Rows,
        noticed: &Noticed,
        (sink, usage): (&mut Sink<'_>, &mut Usage),
        bar: &Bar,
        device: &Device,
    ) -> Result<EncodeReport, Failure> {
        let see = |first: usize, values: &[f32]| noticed.see(first, values);
        let heard = Heard::new(rows, &see);
        let encoded = match self.args.candidates {
            None => self.encoder.encode_with(&heard, device, |first, codes| {
                interrupt::check()?;
                usage.count(codes);
                sink.write(first, codes, &self.input)?;
                bar.done(first + codes.len() / self.model.levels());
                Ok(())
            }),
            Some(count) => self.encoder.candidates_with(count, &heard, device, |first, found| {
                interrupt::check()?;
                (0..found.len()).filter_map(|row| found.row(row).next()).for_each(|(codes, _)| usage.count(codes));
                sink.write_candidates(first, found, &self.input)?;
                bar.done(first + found.len());
                Ok(())
            }),
        };
        encoded.map_err(|error| self.input.failure(error))
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
