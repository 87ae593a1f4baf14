//! How commands end: with an answer, or with a failure and what helps against it.

use semid::ErrorKind;
use std::io;
use std::path::Path;

/// How a command that ran to its end answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes.
    Yes,
    /// The answer to the command's question is no.
    No,
    /// A failure that the result itself tells about.
    Failed,
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What is wrong, where, and what to do.
    Error(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-C, after some work was saved: what and how to go on.
    Stopped(String),
    /// Nobody reads stdout any more.
    ClosedPipe,
    /// All that was asked for is done, and this is the answer.
    Ended(Answer),
}

/// What every command returns.
pub(crate) type Outcome = Result<Answer, Failure>;

impl From<semid::Error> for Failure {
    fn from(error: semid::Error) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Error(said(&error)),
        }
    }
}

/// The error, and the option that helps, which the library cannot know.
fn said(error: &semid::Error) -> String {
    match hint(error.kind()) {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NoPrices => Some("`semid fit --balanced`"),
        ErrorKind::NoAdapter { .. } => Some("--device cpu"),
        ErrorKind::OutOfMemory { .. } => Some("--sample takes a part of the rows"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the tensor to read") => Some("--tensor NAME"),
        ErrorKind::Format { reason, .. } if reason.ends_with("name the column to read") => Some("--column NAME"),
        ErrorKind::BadRows { .. } => Some("--bad-rows skip leaves them out, --bad-rows list shows all"),
        ErrorKind::Format { reason, .. } if reason.ends_with("f16le, bf16le, f32le or f64le") => Some("--as f32le"),
        ErrorKind::Format { reason, .. } if reason.contains("allow integers") => Some("--integers"),
        _ => None,
    }
}

impl From<io::Error> for Failure {
    /// Only stdout is written to without the library.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Error(format!("stdout: writing failed: {error}")),
        }
    }
}

impl Failure {
    /// The failure of `error`, which concerns the file at `path` unless it names another one.
    pub(crate) fn of_file(error: semid::Error, path: &Path) -> Self {
        match (error.kind(), error.path()) {
            (ErrorKind::Cancelled, _) | (_, Some(_)) => error.into(),
            _ => Self::Error(format!("{}: {}", path.display(), said(&error))),
        }
    }

    /// The failure of `error` while the rows of the file at `input` were worked on.
    pub(crate) fn of_rows(error: semid::Error, input: &Path) -> Self {
        use ErrorKind::{BadRows, Dim, DimMismatch, Empty, FarRow, NotFinite, Ragged, Sizes, TooFewRows};
        let about_rows = matches!(
            error.kind(),
            BadRows { .. }
                | Dim { .. }
                | DimMismatch { .. }
                | Empty
                | FarRow { .. }
                | NotFinite { .. }
                | Ragged { .. }
                | Sizes { .. }
                | TooFewRows { .. }
        );
        if about_rows { Self::of_file(error, input) } else { error.into() }
    }
}
