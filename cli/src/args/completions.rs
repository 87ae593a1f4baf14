//! `semid completions`.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid completions bash > ~/.local/share/bash-completion/completions/semid
  semid completions zsh > ~/.zfunc/_semid
  semid completions fish > ~/.config/fish/completions/semid.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
