//! Opens what a fit takes: parameters, rows with their weights, labels and pairs, and older models.

use super::given::{self, Given};
use super::parameters::{kind, parameters};
use super::warm_start::{self, Started};
use super::{align, blocks};
use crate::args::{Common, FitArgs, InputArgs};
use crate::config::Config;
use crate::input::pairs::PairFacts;
use crate::input::{Input, Texts};
use crate::output::{self, Failure};
use crate::provenance;
use semid::io::AtomicFile;
use semid::quantizer::Parameters;
use semid::{Device, LabelledFit, Labels, Rows, UnknownLabel, Weights};

/// All that a fit takes; nothing of it has been fitted.
pub(super) struct Opened<'a> {
    pub(super) params: Parameters,
    /// The flags of the input, with what the file of parameters says.
    pub(super) flags: InputArgs,
    pub(super) input: Input,
    pub(super) weights: Option<Weights>,
    labels: Option<Labels>,
    unknown: UnknownLabel,
    pub(super) pairs: Option<PairFacts>,
    pub(super) older: Option<align::Older<'a>>,
    pub(super) warm_start: Option<Started>,
    pub(super) device: Device,
}

impl<'a> Opened<'a> {
    /// Reads the file of parameters and the older models, and opens the input; refuses what does not fit together.
    pub(super) fn open(common: &Common, args: &'a FitArgs) -> Result<Self, Failure> {
        let mut config = Config::read(args.config.as_deref())?;
        let kind = kind(args, &config)?;
        let aligned_to = config.remove("align_to");
        let warm_start = warm_start::load(args, &kind, &mut config)?;
        let flags = blocks::flags(args, &mut config)?;
        let given = Given::take(args, &mut config)?;
        let params = parameters(args, &kind, config.clone())?;
        let older = align::Older::load(args, aligned_to.as_ref(), &config)?;
        let base = warm_start.as_ref().map(|started| &started.model).or(older.as_ref().map(|older| older.model()));
        let own = vec![args.weights.weight_column.as_deref(), args.pair_keys.id_column.as_deref()];
        let columns = [own, args.labels.prefix.columns(&[])].concat();
        let weights = given.weights(&args.weights);
        let (input, weights) = blocks::open(common, &flags, &weights, Texts::default(), &columns, base)?;
        let labels = given::labels(args, &input)?;
        older.as_ref().map_or(Ok(()), |older| older.check(input.rows.dim()))?;
        let keys = (args.pair_keys.id_column.as_deref(), args.pair_keys.items.as_deref());
        let (input, pairs) = input.smoothed(&args.pairs, |input| input.keys(keys), given.pair_weight, args.memory)?;
        check_outputs(args, &input)?;
        let device = match (common.device()?, args.memory) {
            (device, Some(bytes)) => device.with_memory(bytes),
            (device, None) => device,
        };
        let unknown = given.unknown(args);
        Ok(Self { params, flags, input, weights, labels, unknown, pairs, older, warm_start, device })
    }

    /// Returns the labels that give the codes of the first levels.
    pub(super) fn labels(&self) -> Option<LabelledFit<'_>> {
        self.labels.as_ref().map(|labels| LabelledFit::new(labels).unknown(self.unknown))
    }
}

/// Makes sure that all files can be written and are none of the inputs, before a long fit finds out.
fn check_outputs(args: &FitArgs, input: &Input) -> Result<(), Failure> {
    provenance::check(args, input)?;
    input.check_output(&args.output)?;
    let mut read = args.pairs.pairs.iter().chain(&args.pair_keys.items);
    read.try_for_each(|file| output::differs(&args.output, file))?;
    for file in args.vae.checkpoint.iter().chain(&args.warm_start) {
        input.check_output(file)?;
        output::differs_from(file, &args.output, "output")?;
    }
    Ok(args.vae.checkpoint.iter().chain([&args.output]).try_for_each(AtomicFile::check)?)
}
