//! `semid completions`

use crate::args::{Cli, Common, CompletionsArgs};
use crate::output::{self, Answer, Outcome};
use clap::CommandFactory;
use serde::Serialize;

/// The output of `--json`.
#[derive(Serialize)]
struct Completions {
    shell: String,
    script: String,
}

pub(crate) fn run(common: &Common, args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "semid", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let completions = Completions { shell: args.shell.to_string(), script };
    output::result(common.json, &completions, || completions.script.clone())?;
    Ok(Answer::Yes)
}
