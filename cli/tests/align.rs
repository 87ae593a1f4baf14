//! `semid fit --align-to`.

use super::Dir;
use semid::io::read_codes;

const FIT: &str = "fit --input x.npy --levels 2 --clusters 8 --seed 5";

/// Rows with the same first code, and with the same ID.
fn same(dir: &Dir, a: &str, b: &str) -> (f64, f64) {
    for model in [a, b] {
        dir.semid(&format!("encode --model {model}.safetensors --input x.npy --output {model}.npy")).ok();
    }
    let [a, b] = [a, b].map(|name| read_codes(dir.path(&format!("{name}.npy"))).unwrap().0);
    let pairs = || a.chunks(2).zip(b.chunks(2));
    let share = |count: usize| count as f64 / 300.0;
    (share(pairs().filter(|(a, b)| a[0] == b[0]).count()), share(pairs().filter(|(a, b)| a == b).count()))
}

#[test]
fn a_new_model_keeps_more_codes_and_says_how_many() {
    let dir = Dir::with_model();
    dir.semid(&format!("{FIT} --output plain.safetensors")).ok();
    let align = format!("{FIT} --align-to m.safetensors --output new.safetensors");
    let fitted = dir.semid(&format!("{align} --json")).json(0);
    let alignment = &fitted["alignment"];
    assert_eq!(alignment["to"], "m.safetensors");
    let (before, after) = (same(&dir, "m", "plain"), same(&dir, "m", "new"));
    for (shares, part) in [(before, &alignment["before"]), (after, &alignment["after"])] {
        assert_eq!(part["unchanged_codes"][0].as_f64(), Some(shares.0), "{fitted}");
        assert_eq!(part["unchanged_prefixes"][1].as_f64(), Some(shares.1), "{fitted}");
    }
    assert!(after.0 > before.0 && after.1 > before.1, "{before:?} {after:?}");
    // The same clusters by other names.
    let error = |model: &str| {
        let eval = dir.semid(&format!("eval --model {model}.safetensors --input x.npy --k 0 --json")).json(0);
        (eval["squared_error_per_row"].as_f64().unwrap(), eval["distinct_ids"].clone())
    };
    let ((plain, ids), (aligned, aligned_ids)) = (error("plain"), error("new"));
    assert!((plain - aligned).abs() < 1e-9 * plain && ids == aligned_ids);

    let text = dir.semid(&align).ok();
    assert!(text.contains("m.safetensors") && text.contains("whole prefix"), "{text}");
    assert!(text.contains(&format!("{:.2} %", 100.0 * after.1)), "{text}");
    let numbers = text.lines().filter(|line| line.contains("% ->")).filter_map(|line| line.split_whitespace().next());
    assert_eq!(numbers.collect::<Vec<_>>(), ["1", "2"], "levels count from 1: {text}");
    let stored = dir.semid("verify --model new.safetensors --input x.npy --rows 100 --json").json(0);
    assert_eq!(stored["equal"], true);
}

#[test]
fn the_same_seed_gives_the_same_file_and_networks_are_aligned_too() {
    let dir = Dir::with_model();
    let again = "fit --input x.npy --levels 2 --clusters 8 --align-to m.safetensors --output again.safetensors";
    dir.semid(again).ok();
    assert!(dir.read("again.safetensors") == dir.read("m.safetensors"));
    let network = "--kind rq-vae --hidden 12 --latent 4 --epochs 2 --batch 50";
    let fitted = dir.semid(&format!("{FIT} {network} --align-to m.safetensors --output n.safetensors --json")).json(0);
    let share = |part: &str| fitted["alignment"][part]["unchanged_codes"][0].as_f64().unwrap();
    assert!(share("after") > share("before"), "{fitted}");
    assert_eq!(same(&dir, "m", "n").0, share("after"));
    assert!(dir.semid(&format!("{FIT} {network} --align-to m.safetensors --output n.safetensors")).ok().contains("->"));
}

#[test]
fn what_cannot_be_aligned_to() {
    let dir = Dir::with_model();
    dir.npy("narrow.npy", 100, 5);
    let fit = "fit --levels 2 --clusters 8 --output o.safetensors --align-to";
    dir.fails(&format!("{fit} m.safetensors --input narrow.npy"), &["m.safetensors", "5 dimensions", "6"]);
    dir.fails(&format!("{fit} x.npy --input x.npy"), &["x.npy", "model"]);
    dir.fails(&format!("{fit} gone.safetensors --input x.npy"), &["gone.safetensors"]);
    dir.fails(&format!("{fit} o.safetensors --input x.npy"), &["o.safetensors", "older model"]);
}
