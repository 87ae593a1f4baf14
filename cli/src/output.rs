//! What comes out: results on stdout, errors on stderr, and the exit code.

use crate::interrupt;
use semid::ErrorKind;
use serde::Serialize;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

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
}

/// What every command returns.
pub(crate) type Outcome = Result<Answer, Failure>;

impl From<semid::Error> for Failure {
    fn from(error: semid::Error) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Error(error.to_string()),
        }
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
            _ => Self::Error(format!("{}: {error}", path.display())),
        }
    }

    /// The failure of `error` while the rows of the file at `input` were worked on.
    pub(crate) fn of_rows(error: semid::Error, input: &Path) -> Self {
        use ErrorKind::{Dim, DimMismatch, Empty, NotFinite, Ragged, Sizes, TooFewRows};
        let about_rows = matches!(
            error.kind(),
            Dim { .. }
                | DimMismatch { .. }
                | Empty
                | NotFinite { .. }
                | Ragged { .. }
                | Sizes { .. }
                | TooFewRows { .. }
        );
        if about_rows { Self::of_file(error, input) } else { error.into() }
    }
}

/// Prints `result` as one JSON object, or else `text`.
pub(crate) fn result(json: bool, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if json {
        let object = serde_json::to_string(result).map_err(|error| Failure::Error(error.to_string()))?;
        self::text(&format!("{object}\n"))
    } else {
        self::text(&text())
    }
}

/// Prints `text`.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Refuses to replace a file that is read, or that this command makes as well.
pub(crate) fn differs(output: &Path, input: &Path) -> Result<(), Failure> {
    differs_from(output, input, "input")
}

/// `1 row`, `2 rows`.
pub(crate) fn things(number: usize, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// [`differs`], for a file that is the `what`.
pub(crate) fn differs_from(output: &Path, other: &Path, what: &str) -> Result<(), Failure> {
    match (place(output), place(other)) {
        (Some(to), Some(from)) if to == from && (to.is_file() || !to.exists()) => {
            Err(Failure::Error(format!("{}: is also the {what}; name another file", output.display())))
        }
        _ => Ok(()),
    }
}

/// Where a file is, or will be: its folder without links, and its name.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
}

/// Reports a failure and turns the outcome into an exit code.
pub(crate) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(Answer::Yes) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Ok(Answer::Failed) => ExitCode::from(2),
        Err(Failure::Error(message)) => {
            error(&message);
            ExitCode::from(2)
        }
        Err(Failure::Interrupted) => {
            error("interrupted; nothing was written");
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(Failure::Stopped(message)) => {
            error(&message);
            ExitCode::from(interrupt::EXIT_CODE)
        }
    }
}

/// One line on stderr; if that is closed too, there is nobody left to tell.
fn error(message: &str) {
    let line = message.replace(['\n', '\r'], " ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}

/// The panic that happened last.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work` and reports a panic that nobody caught as an error.
///
/// The library catches the panics of a decoder that meets damaged data; such a panic is only logged.
pub(crate) fn catch_panics(work: impl FnOnce() -> Outcome) -> Outcome {
    panic::set_hook(Box::new(|info| {
        tracing::debug!("{info}");
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        Err(Failure::Error(format!("internal error: {what}; please report this")))
    })
}
