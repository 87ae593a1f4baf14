//! The ways in which commands end: with an answer, or with a failure and what helps against it.

use semid::ErrorKind;
use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The answer of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The command is done, or its answer is yes.
    Yes,
    /// The answer to the command's question is no.
    No,
    /// The command failed, and its result says so.
    Failed,
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The message: what is wrong, where, and what to do.
    Error(String),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The user pressed Ctrl-C after some work was saved: the message says what is saved and how to go on.
    Stopped(String),
    /// Nobody reads stdout any more.
    ClosedPipe,
    /// All that was asked for is done, and this is the answer.
    Ended(Answer),
}

/// Whether the command can fit to a sample.
static SAMPLE: AtomicBool = AtomicBool::new(false);

/// Lets what is said where memory is missing advise to fit on a sample.
pub(crate) fn say_sample() {
    SAMPLE.store(true, Relaxed);
}

/// Returns whether to advise so.
pub(crate) fn says_sample() -> bool {
    SAMPLE.load(Relaxed)
}

/// The result of every command.
pub(crate) type Outcome = Result<Answer, Failure>;

impl From<semid::Error> for Failure {
    fn from(error: semid::Error) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Error(said(&error)),
        }
    }
}

/// Writes the error with the option that helps, which the library cannot know.
fn said(error: &semid::Error) -> String {
    let text = error.to_string();
    match hint(error.kind()) {
        // The last line of a list is about its last entry.
        Some(hint) if text.contains('\n') => format!("{text}\n    ({hint})"),
        Some(hint) => format!("{text} ({hint})"),
        None => text,
    }
}

fn hint(kind: &ErrorKind) -> Option<Cow<'static, str>> {
    let most = |rows: usize, clusters: usize| rows.div_ceil(clusters.max(1));
    match kind {
        ErrorKind::Sizes { rows, clusters, min: 0, .. } => {
            Some(format!("--capacity or, in a fit, --max-size {}", most(*rows, *clusters)).into())
        }
        ErrorKind::Sizes { rows, clusters, .. } => {
            let least = rows / clusters.max(&1);
            Some(format!("--min-size {least} and --max-size {}, or none of them", most(*rows, *clusters)).into())
        }
        _ => fixed_hint(kind).map(Cow::Borrowed),
    }
}

fn fixed_hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::MixedDepths { .. } => Some("`semid assign --fixed-depth` with a new --db; it is --always-suffix"),
        ErrorKind::NoPrices => Some("`semid fit --balanced`"),
        ErrorKind::NoAdapter { .. } => Some("--device cpu"),
        ErrorKind::OutOfMemory { .. } => says_sample().then_some("--sample takes a part of the rows"),
        ErrorKind::NotWhole => Some("--sample takes a part of the rows, --memory allows more"),
        ErrorKind::Memory { .. } => Some("--memory"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the tensor to read") => Some("--tensor NAME"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the column to read") => Some("--column NAME"),
        ErrorKind::BadRows { count, rows, .. } if count == rows => Some("--bad-rows list shows all"),
        ErrorKind::BadRows { .. } => Some("--bad-rows skip leaves them out, --bad-rows list shows all"),
        ErrorKind::Format { reason, .. } if reason.ends_with("f16le, bf16le, f32le or f64le") => Some("--as f32le"),
        ErrorKind::Format { reason, .. } | ErrorKind::NoEmbedding { why: reason, .. }
            if reason.ends_with("name the columns that are dimensions") =>
        {
            Some("--columns f0..f383, a,b,c, or the prefix f")
        }
        ErrorKind::Parameter { name: "candidates", expected, .. } if expected.contains("the resolver reassign") => {
            Some("--resolver reassign")
        }
        ErrorKind::Parameter { name, expected, .. } => of_parameter(name, expected),
        ErrorKind::Format { reason, .. } if reason.contains("allow integers") => Some("--integers"),
        ErrorKind::Format { format: "model", reason } if reason.ends_with("`Model::save` wrote") => {
            Some("`semid fit` writes such files")
        }
        _ => None,
    }
}

/// Names the flags that stand for a parameter whose name is another one.
fn of_parameter(name: &str, expected: &str) -> Option<&'static str> {
    Some(match name {
        "labels" if expected.starts_with("must be left out, or") || expected.contains("leave it out") => {
            "--prefix-column and --prefix-labels are labels"
        }
        "weights" if expected.contains("balance") => {
            "--weight-column and --weights are weights; --balanced, --min-size, --max-size and --sinkhorn count rows"
        }
        "warm_start" if expected.contains("model") => "--warm-start",
        "model" if expected.contains("from labels") => "--model",
        "batch" if expected.contains("rows") => "--batch, or the --preset that sets it",
        "layer_wise" => "--joint sets it to false; leave that out",
        _ => return None,
    })
}

impl From<io::Error> for Failure {
    /// Makes the failure of writing to stdout; the library does all other writing.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Error(format!("stdout: writing failed: {error}")),
        }
    }
}

impl Failure {
    /// Makes the failure of `error`, which is about the file at `path` unless it names another one.
    pub(crate) fn of_file(error: semid::Error, path: &Path) -> Self {
        match (error.kind(), error.path()) {
            (ErrorKind::Cancelled, _) | (_, Some(_)) => error.into(),
            _ => Self::Error(format!("{}: {}", path.display(), said(&error))),
        }
    }

    /// Makes the failure of `error` during work on the rows of the file at `input`.
    pub(crate) fn of_rows(error: semid::Error, input: &Path) -> Self {
        use ErrorKind::{BadRows, Dim, DimMismatch, Empty, FarRow, NoWeight, NotFinite, Ragged, Sizes, TooFewRows};
        let about_rows = matches!(
            error.kind(),
            BadRows { .. }
                | Dim { .. }
                | DimMismatch { .. }
                | Empty
                | FarRow { .. }
                | NoWeight
                | NotFinite { .. }
                | Ragged { .. }
                | Sizes { .. }
                | TooFewRows { .. }
        );
        if about_rows { Self::of_file(error, input) } else { error.into() }
    }
}
