//! `semid worker`

use crate::args::{Common, WorkerArgs};
use crate::input::{Input, Texts};
use crate::output::{self, Answer, Failure, Outcome};
use semid::Rows;
use semid::shards::Worker;
use std::io::{self, IsTerminal as _};
use std::path::Path;

pub(crate) fn run(common: &Common, args: &WorkerArgs) -> Outcome {
    let refuse = |why: &str| Err(Failure::Error(why.to_owned()));
    if args.input.input.iter().any(|path| path == Path::new("-")) {
        return refuse("--input -: standard input brings the requests of the fit; name a file");
    }
    if common.json {
        return refuse("--json: a worker prints no result; its standard output is for the fit");
    }
    if io::stdin().is_terminal() || io::stdout().is_terminal() {
        return refuse(
            "a worker talks to a fit, not to people: an engine starts it with pipes; see `semid help worker`",
        );
    }
    if !args.input.blocks().is_empty() {
        return refuse(
            "--column: a worker reads one embedding per row, as the scales of several are those of all rows; fit \
             several embeddings to a sample with `semid fit --sample`",
        );
    }
    let device = common.device()?;
    let input = Input::open(common, &args.input, Texts::default(), args.weights.weight_column.as_deref())?;
    output::warn(&input.warnings());
    let weights = input.weights(&args.weights)?;
    let worker = match &args.rows {
        None => Worker::new(&input.rows, args.first_row, &device),
        Some(span) if span.end > input.rows.len() => {
            let (rows, end) = (input.rows.len(), span.end);
            return Err(input.refuse(&format!("--rows ends at {end}, and there are {rows} rows")));
        }
        Some(span) => Worker::part(&input.rows, span.clone(), &device),
    };
    let mut worker = match weights {
        Some(weights) => worker.weighted(&weights).map_err(|error| input.failure(error))?,
        None => worker,
    };
    worker.serve(io::stdin().lock(), io::stdout().lock()).map_err(|error| input.failure(error))?;
    Ok(Answer::Yes)
}
