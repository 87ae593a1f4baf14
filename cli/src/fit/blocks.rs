//! Opens the rows of a fit, which may have several embeddings each.

use crate::args::{Common, FitArgs, InputArgs, WeightArgs};
use crate::config::Config;
use crate::input::pairs::PairFacts;
use crate::input::reading::Reading;
use crate::input::{Input, Texts};
use crate::names::places;
use crate::output::{Failure, things};
use semid::{Model, Weights};

/// Returns the flags of the input, with the columns or tensors and the weights of columns that the file of parameters
/// names where flags name none. Weights of the file are refused for another number of columns.
pub(super) fn flags(args: &FitArgs, config: &mut Config) -> Result<InputArgs, Failure> {
    let weights = config.get::<Vec<f64>>("column_weight")?;
    config.remove("column_weight");
    let mut input = Reading::take(config)?.applied(&args.input);
    input.parameters = args.config.clone().filter(|_| !args.input.says_how_to_read());
    let given = args.input.column.len() + args.input.tensor.len();
    if let Some(weights) = weights.filter(|_| input.column_weight.is_empty()) {
        if given > 0 && given != weights.len() {
            let (weights, columns) = (things(weights.len(), "number"), things(given, "column"));
            return Err(config.failure(&format!(
                "column_weight has {weights}, but flags name {columns}; give --column-weight, or drop the key"
            )));
        }
        input.column_weight = weights;
    }
    Ok(input)
}

/// Opens the input, of which `columns` are no dimensions, and reads the weights of its rows. A fit that starts from a
/// model, or aligns its codes to one, keeps the scales of that model's blocks, so that codewords and rows stay
/// comparable; `base` is that model.
pub(crate) fn open(
    common: &Common,
    input: &InputArgs,
    weights: &WeightArgs,
    texts: Texts<'_>,
    columns: &[Option<&str>],
    base: Option<&Model>,
) -> Result<(Input, Option<Weights>), Failure> {
    if let Some(base) = base {
        let mut flags = input.clone();
        if let Some(blocks) = base.blocks() {
            let own: Vec<f64> = blocks.iter().map(|block| block.weight()).collect();
            let names: Vec<String> = blocks.iter().map(|block| block.name().to_owned()).collect();
            // Weights stand in the order of the names that were given, which is not always the model's.
            if let Some(places) = places(flags.blocks(), &names).filter(|of| of.len() == flags.column_weight.len()) {
                let given = flags.column_weight.clone();
                flags.column_weight = places.into_iter().filter_map(|place| given.get(place).copied()).collect();
            }
            if !flags.column_weight.is_empty() && flags.column_weight != own {
                return Err(Failure::Error(format!(
                    "--column-weight differs from the weights of the older model, {own:?}, whose scales this fit \
                     keeps; leave it out"
                )));
            }
            flags.column_weight.clear();
        }
        let opened = Input::open_for(common, &flags, texts, columns, Some(base))?;
        let weights = opened.weights(weights)?;
        return Ok((opened, weights));
    }
    let opened = Input::open_raw(common, input, texts, columns, input.blocks())?;
    let weights = opened.weights(weights)?;
    Ok((opened.with_own_blocks(input, weights.as_ref())?, weights))
}

/// Returns the model with the blocks of its rows, if they have several, the columns or tensors that flags name, and the
/// weight of pairs, if there are some.
pub(super) fn recorded(
    model: Model,
    (input, flags): (&Input, &InputArgs),
    pairs: Option<&PairFacts>,
) -> Result<Model, Failure> {
    let model = match input.blocks() {
        Some(blocks) => model.with_blocks(blocks.clone())?,
        None => model,
    };
    let model = model.with_columns_of(&flags.options(&[], flags.blocks()))?;
    match pairs {
        Some(pairs) => Ok(model.with_pair_weight(pairs.weight())?),
        None => Ok(model),
    }
}
