//! Tests of the examples in the help.

use super::Cli;
use clap::{CommandFactory, Parser};

/// Returns the lines of the examples of all commands, as the help shows them.
fn lines() -> Vec<String> {
    let root = Cli::command();
    let shown = root.get_subcommands().filter_map(|command| command.get_after_help());
    let text = shown.map(|help| format!("{help}\n\n")).collect::<String>();
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| paragraph.starts_with("Examples:")) {
        lines.extend(paragraph.lines().skip(1).map(str::to_owned));
    }
    lines
}

/// Splits a command as a shell does, of which the examples use double quotes, pipes and redirections.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            '|' | '>' if !quoted => break,
            _ => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_example_can_be_copied_from_a_terminal_of_80_columns() {
    for line in lines() {
        assert!(line.starts_with("  ") && line.chars().count() < 80, "{line}");
    }
}

#[test]
fn every_example_is_a_command_that_is_understood() {
    let commands = lines().join("\n").replace("\\\n", " ");
    let commands: Vec<&str> = commands.lines().map(str::trim).collect();
    assert!(commands.len() > 60, "{commands:#?}");
    for command in commands {
        let parsed = Cli::try_parse_from(words(command));
        assert!(parsed.is_ok_and(|cli| cli.command.is_some()), "{command}");
    }
}
