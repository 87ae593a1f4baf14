//! Prints errors and warnings on stderr.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints sentences that the user should read although the command succeeds.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(anstream::stderr(), "\x1b[1;33mwarning:\x1b[0m {warning}");
    }
}

/// Prints that the process was interrupted, unless another thread already has.
pub(crate) fn say_interrupted(message: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        error(message);
    }
}

/// Prints one line; if stderr is closed, nobody is left to tell.
pub(crate) fn error(message: &str) {
    let line = message.replace(['\n', '\r'], " ");
    let _ = writeln!(anstream::stderr(), "\x1b[1;31merror:\x1b[0m {line}");
}
