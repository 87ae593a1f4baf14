//! `semid demo`, completions and help.

use super::{Dir, Run};

#[test]
fn the_demo_shows_ids_and_neighbours_and_leaves_nothing_behind() {
    let dir = Dir::new();
    let text = dir.semid("demo").ok();
    for part in ["numpy", "scipy", "pytest", "cryptography", "fingerprint", "same on every device", "semid fit"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
    assert!(dir.files().is_empty());

    let json = dir.semid("demo --json --threads 1").json(0);
    assert!(text.contains(json["fingerprint"].as_str().unwrap()));
    assert_eq!(json["rows"], 2500);
    assert!(json["quality"]["recall_at_k"]["decoded"]["value"].as_f64() > Some(0.1), "{json}");
}

#[test]
fn completions_know_the_commands() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = dir.semid(&format!("completions {shell}")).ok();
        assert!(script.contains("verify") && script.contains("normalize-residuals"), "{shell}");
    }
    assert_eq!(dir.semid("completions bash --json").json(0)["shell"], "bash");
}

#[test]
fn help_is_shown_without_arguments_and_has_examples() {
    let dir = Dir::new();
    assert!(dir.semid("").ok().contains("semid demo"));
    for command in COMMANDS {
        let help = dir.semid(&format!("{command} --help")).ok();
        assert!(help.contains("Examples:") && help.contains(&format!("semid {command}")), "{help}");
        assert!(!help.contains("plant"), "{help}");
    }
}

const COMMANDS: [&str; 13] = [
    "fit",
    "encode",
    "decode",
    "eval",
    "info",
    "devices",
    "verify",
    "demo",
    "completions",
    "report",
    "sweep",
    "export",
    "assign",
];

/// Text after the examples fills its lines: no line ends where the next word would have fitted.
#[test]
fn help_after_the_examples_is_wrapped_once() {
    let dir = Dir::new();
    for (command, width) in COMMANDS.iter().flat_map(|command| [60, 80, 100].map(|width| (command, width))) {
        let args = format!("{command} --help");
        let run = Run::of(&args, dir.command(&args).env("COLUMNS", width.to_string()).output().unwrap());
        let help = run.ok();
        let (_, after) = help.split_once("Examples:").unwrap();
        let lines: Vec<&str> = after.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair.iter().all(|line| line.starts_with(char::is_alphabetic))) {
            let next = pair[1].split(' ').next().unwrap();
            assert!(pair[0].len() + 1 + next.len() > width, "{command} at {width}: {pair:?}");
        }
    }
}
