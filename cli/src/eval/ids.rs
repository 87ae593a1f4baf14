//! `semid eval --ids`

use super::ids_text;
use crate::args::{Common, EvalArgs};
use crate::judge::{AskedOfIds, judge};
use crate::output::{self, Answer, Failure, Outcome};

pub(super) fn run(common: &Common, args: &EvalArgs) -> Outcome {
    without_input(args)?;
    let asked = AskedOfIds {
        ids: &args.ids,
        input: &args.input,
        keys: &args.keys,
        labels: (args.label_column.as_deref(), args.labels.as_deref()),
        against: args.against.as_deref(),
        k: Some(args.k),
        sample: args.sample,
        pairs: args.pairs,
        seed: args.seed,
        output: None,
    };
    let judged = judge(common, &asked)?;
    output::warn(&judged.warnings);
    output::result(common.json, &judged, || ids_text::text(&judged))?;
    Ok(Answer::Yes)
}

/// Refuses flags about embeddings where there are none.
fn without_input(args: &EvalArgs) -> Result<(), Failure> {
    let given = [
        ("sample", args.sample.is_some()),
        ("pairs", args.pairs.is_some()),
        ("label-column", args.label_column.is_some()),
        ("labels", args.labels.is_some()),
        ("near-quantile", args.ids.near_quantile.is_some()),
        ("id-column", args.keys.id_column.is_some()),
        ("items", args.keys.items.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given && args.input.input.is_empty()) {
        Some((flag, _)) => {
            Err(Failure::Error(format!("--{flag} is about embeddings; give them with --input, or leave --{flag} out")))
        }
        None => Ok(()),
    }
}
