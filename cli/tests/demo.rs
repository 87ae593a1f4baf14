//! `semid demo`, completions and help.

use super::Dir;

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
    for command in ["fit", "encode", "decode", "eval", "info", "devices", "verify", "demo", "completions", "report"] {
        let help = dir.semid(&format!("{command} --help")).ok();
        assert!(help.contains("Examples:") && help.contains(&format!("semid {command}")), "{help}");
        assert!(!help.contains("plant"), "{help}");
    }
}
