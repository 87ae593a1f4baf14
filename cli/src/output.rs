//! Prints results on stdout, and returns the exit code.

use crate::interrupt;
use crate::stderr::{error, say_interrupted, visible};
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(crate) use crate::failure::{Answer, Failure, Outcome};
pub(crate) use crate::stderr::warn;

/// Prints `result` as one JSON object, or else `text`.
pub(crate) fn result(json: bool, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    interrupt::say("interrupted while the result was printed");
    if json {
        let object = serde_json::to_string(result).map_err(|error| Failure::Error(error.to_string()))?;
        // The object is printed as it is: without a terminal, `anstream` would remove control characters, which keys
        // may contain.
        print(&mut io::stdout().lock(), &format!("{object}\n"))
    } else {
        print(&mut io::stdout().lock(), &visible(&text()))
    }
}

/// Prints `text`, which may have colours.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    print(&mut anstream::stdout(), text)
}

fn print(stdout: &mut impl Write, text: &str) -> Result<(), Failure> {
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Writes a path for `--json`; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Writes a path as [`path`] does, or nothing if there is none.
pub(crate) fn path_if_any<S: Serializer>(path: &Option<&Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.map(Path::to_string_lossy).serialize(serializer)
}

/// Whether a number is left out of `--json`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
pub(crate) fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Refuses to replace a file that this command reads or also makes.
pub(crate) fn differs(output: &Path, input: &Path) -> Result<(), Failure> {
    differs_from(output, input, "input")
}

/// Writes a number of things: `1 row`, `2 rows`.
pub(crate) fn things(number: usize, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// Writes numbers that stand together in one format, with as many decimals as give four digits to the smallest of them,
/// or in powers of ten where that would take too many digits.
pub(crate) fn numbers(values: &[f64]) -> Vec<String> {
    let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0 && size.is_finite());
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let exponent = if least.is_finite() { least.log10().floor() as i32 } else { 0 };
    if exponent < -6 || most >= 1e9 {
        return values.iter().map(|value| format!("{value:.3e}")).collect();
    }
    let decimals = (3 - exponent).clamp(1, 9) as usize;
    values.iter().map(|value| format!("{value:.decimals$}")).collect()
}

/// Refuses as [`differs`] does, for a file that is the `what`.
pub(crate) fn differs_from(output: &Path, other: &Path, what: &str) -> Result<(), Failure> {
    match (place(output), place(other)) {
        (Some(to), Some(from)) if to == from && (to.is_file() || !to.exists()) => {
            Err(Failure::Error(format!("{}: this file is also the {what}; name another one", output.display())))
        }
        _ => Ok(()),
    }
}

/// Returns the place of a file that is or will be there: its folder without links, and its name.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
}

/// Reports a failure and turns the outcome into an exit code.
pub(crate) fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Ok(Answer::Yes) | Err(Failure::ClosedPipe) => 0,
        Ok(Answer::No) => 1,
        Ok(Answer::Failed) => 2,
        Err(Failure::Ended(answer)) => exit_code(Ok(answer)),
        Err(Failure::Error(message)) => {
            error(&message);
            2
        }
        Err(Failure::Interrupted) => {
            say_interrupted(&interrupt::message());
            interrupt::EXIT_CODE
        }
        Err(Failure::Stopped(message)) => {
            say_interrupted(&message);
            interrupt::EXIT_CODE
        }
    }
}

/// The message of the latest panic.
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

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn no_number_but_zero_is_shown_as_zero_and_none_is_long() {
        for value in [0.0, 1.0, -0.5, 8.8e-10, 2.5e72, 1e-300, 123_456.789, 1e8, 3e-7] {
            let text = numbers(&[value]).concat();
            let read: f64 = text.parse().unwrap();
            assert!((read - value).abs() <= 6e-4 * value.abs() && text.len() <= 14, "{value:e} is shown as {text}");
        }
        assert_eq!(numbers(&[8.8e-10, 0.5]), ["8.800e-10", "5.000e-1"]);
    }
}
