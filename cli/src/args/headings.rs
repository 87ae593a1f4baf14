//! A test of the headings in the help.

use super::Cli;
use clap::CommandFactory;

/// The headings of groups that several commands have, with all flags that belong under them.
///
/// clap gives the heading of a group also to the flags after it that have none, so groups with a heading stand last.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "IDs that any tool made",
        &[
            "ids",
            "ids_key",
            "ids_column",
            "clusters",
            "weight_column",
            "interactions",
            "token_template",
            "begin",
            "end",
            "metric",
            "near_quantile",
        ],
    ),
    ("Items that occur together", &["pairs", "smooth_pairs", "pair_weight", "id_column", "items"]),
    ("Levels from labels", &["prefix_column", "prefix_labels", "baseline_labels", "unknown"]),
    ("Weights", &["weight_column", "weights", "weight_step"]),
];

#[test]
fn flags_stand_under_the_headings_they_belong_to() {
    let root = Cli::command();
    for command in root.get_subcommands() {
        // Everybody looks for these first.
        for flag in
            command.get_arguments().filter(|flag| ["model", "output", "k", "beam"].contains(&flag.get_id().as_str()))
        {
            assert_eq!(flag.get_help_heading(), None, "{} --{}", command.get_name(), flag.get_id());
        }
        for (heading, flags) in GROUPS {
            for flag in command.get_arguments().filter(|flag| flag.get_help_heading() == Some(heading)) {
                assert!(
                    flags.contains(&flag.get_id().as_str()),
                    "{} --{}: {heading}",
                    command.get_name(),
                    flag.get_id()
                );
            }
        }
    }
}
