//! Shows progress without a terminal: as plain lines on stderr, or as events if `RUST_LOG` asks for them.

use crate::args::Common;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest time without a line.
const SILENCE: Duration = Duration::from_secs(30);

/// Whether lines become events.
static LOG: AtomicBool = AtomicBool::new(false);

/// Turns all lines into events.
pub(crate) fn log_instead() {
    LOG.store(true, Relaxed);
}

/// Prints a line when a step is done, and one after every half minute without a line.
pub(super) struct Lines {
    state: Arc<Mutex<LineState>>,
    /// When this is dropped, the thread that breaks the silence ends.
    _end: Option<Sender<()>>,
    shown: bool,
}

struct LineState {
    begun: Instant,
    last: Instant,
    /// What is being done now.
    now: String,
}

impl LineState {
    fn print(&mut self, text: &str) {
        self.last = Instant::now();
        let seconds = self.begun.elapsed().as_secs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if LOG.load(Relaxed) {
            tracing::info!("{text}");
        } else {
            // If stderr is closed, nobody is left to tell.
            let _ = writeln!(std::io::stderr(), "{hours}:{minutes:02}:{seconds:02} {text}");
        }
    }
}

impl Lines {
    pub(super) fn new(common: &Common) -> Self {
        Self::with_silence(!common.quiet && (LOG.load(Relaxed) || !std::io::stderr().is_terminal()), SILENCE)
    }

    fn with_silence(shown: bool, silence: Duration) -> Self {
        let now = Instant::now();
        let state = Arc::new(Mutex::new(LineState { begun: now, last: now, now: String::new() }));
        let end = shown.then(|| watch(&state, silence)).flatten();
        Self { state, _end: end, shown }
    }

    /// Sets what is being done now, which is printed after half a minute of silence.
    pub(super) fn now(&self, text: impl FnOnce() -> String) {
        if self.shown {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).now = text();
        }
    }

    /// Prints a line.
    pub(super) fn line(&self, text: &str) {
        if self.shown {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).print(text);
        }
    }
}

/// Starts a thread that breaks the silence; it ends when the returned sender is dropped.
fn watch(state: &Arc<Mutex<LineState>>, silence: Duration) -> Option<Sender<()>> {
    let (end, ended) = channel();
    let state = state.clone();
    let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        let mut wait = silence;
        while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let quiet = state.last.elapsed();
            if quiet >= silence {
                let text = state.now.clone();
                state.print(&text);
            }
            wait = silence.saturating_sub(quiet).max(silence / 10);
        }
    });
    thread.is_ok().then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_broken_again_and_again() {
        let lines = Lines::with_silence(true, Duration::from_millis(20));
        lines.now(|| "working".to_owned());
        let last = || lines.state.lock().unwrap().last;
        let first = last();
        let start = Instant::now();
        let mut seen = vec![first];
        while seen.len() < 4 {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(5));
            if seen.last() != Some(&last()) {
                seen.push(last());
            }
        }
    }
}
