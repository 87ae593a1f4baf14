//! The program `semid`.

use std::process::ExitCode;

#[cfg(unix)]
#[global_allocator]
static MEMORY: semid_cli::Memory = semid_cli::Memory;

fn main() -> ExitCode {
    quiet_drivers();
    ExitCode::from(semid_cli::main(std::env::args_os()))
}

/// Switches off Mesa's device selection if `XDG_RUNTIME_DIR` is missing, as in containers: it would complain about that
/// on stderr, although nothing here needs it.
fn quiet_drivers() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() && std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: this is the first thing that `main` does; no other thread exists that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
