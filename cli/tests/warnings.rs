//! Warnings of models and codes that are made all the same.

use super::Dir;
use serde_json::Value;

fn warnings(dir: &Dir, args: &str) -> Vec<String> {
    let run = dir.semid(&format!("{args} --json"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = json["warnings"].as_array().cloned().unwrap_or_default();
    let all: Vec<String> = all.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect();
    let said: Vec<&str> = run.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    assert_eq!(said, all, "both tell the same");
    all
}

#[test]
fn more_clusters_than_different_rows() {
    let dir = Dir::new();
    dir.npy_of("x.npy", 2, &(0..40).flat_map(|i| [(i % 5) as f32, 1.0]).collect::<Vec<_>>());
    let fit = "fit --input x.npy --levels 1 --output m.safetensors --clusters";
    let found = warnings(&dir, &format!("{fit} 8"));
    assert!(
        found.iter().any(|text| text.contains("level 1 has 8 clusters, more than the 5 different values")),
        "{found:?}"
    );
    assert_eq!(warnings(&dir, &format!("{fit} 5")), [""; 0]);
}

/// Labels may have equal means, and fewer clusters are no remedy.
#[test]
fn equal_codewords_of_labels_are_no_fault() {
    let dir = Dir::new();
    dir.npy_of("x.npy", 1, &(0..40).map(|i| (i % 4) as f32).collect::<Vec<_>>());
    dir.write(
        "sides.txt",
        (0..40).map(|i| ["in\n", "out\n"][usize::from(i % 4 == 0 || i % 4 == 3)]).collect::<String>(),
    );
    let fit = "fit --input x.npy --prefix-labels sides.txt --levels 1 --clusters 4 --output m.safetensors";
    let found = warnings(&dir, fit);
    let model = semid::Model::load(dir.path("m.safetensors")).unwrap();
    let labels = model.codebook(0).unwrap();
    assert_eq!(labels.codeword(0), labels.codeword(1));
    assert!(!found.iter().any(|text| text.contains("equal to") || text.contains("level 1")), "{found:?}");
}

#[test]
fn few_codes_used_and_rows_of_zeros() {
    let dir = Dir::new();
    let x = super::values(300, 6);
    dir.npy_of("x.npy", 6, &x);
    dir.semid("fit --input x.npy --levels 1 --clusters 100 --output m.safetensors").ok();
    dir.npy_of("same.npy", 6, &x[6..12].repeat(200));
    let encode = "encode --model m.safetensors --output c.npy --input";
    assert_eq!(warnings(&dir, &format!("{encode} same.npy")), ["level 1 uses 1 code of 100: fewer than 5 %"]);
    assert_eq!(warnings(&dir, &format!("{encode} x.npy")), [""; 0]);

    let mut zeros = x.clone();
    zeros[60..66].fill(0.0);
    zeros[5 * 6..6 * 6].fill(0.0);
    dir.npy_of("zeros.npy", 6, &zeros[6..]);
    let fit = "fit --input zeros.npy --levels 1 --clusters 8 --metric cosine --output cosine.safetensors";
    let expected = "3 rows are zero, which has no direction under the cosine metric: row 4, 9, 220";
    assert_eq!(warnings(&dir, fit), [expected]);
    assert_eq!(warnings(&dir, "encode --model cosine.safetensors --output c.npy --input zeros.npy"), [expected]);
}

/// What `encode` tells of rows, `assign`, `eval`, `report` and `sweep` tell as well, in text and as JSON.
#[test]
fn all_commands_on_rows_tell_of_them() {
    let dir = Dir::new();
    let x = super::values(300, 6);
    dir.npy_of("x.npy", 6, &x);
    dir.semid("fit --input x.npy --levels 1 --clusters 100 --output m.safetensors").ok();
    let mut same = x[6..12].repeat(200);
    (same[20], same[61]) = (1e30, -1e25);
    dir.npy_of("far.npy", 6, &same);
    let expected = warnings(&dir, "encode --model m.safetensors --input far.npy --output c.npy");
    assert!(expected[0].contains("2 values lie far beyond all others"), "{expected:?}");
    assert!(expected[0].contains("row 3 column 2: 1e30, row 10 column 1: -1e25"), "{expected:?}");
    assert!(
        expected[1].starts_with("level 1 uses ") && expected[1].ends_with("of 100: fewer than 5 %"),
        "{expected:?}"
    );
    for command in ["assign --row-numbers --db ids.db", "eval --k 3", "eval --k 0", "report --output r.html --k 3"] {
        let found = warnings(&dir, &format!("{command} --model m.safetensors --input far.npy"));
        assert_eq!(found, expected, "{command}");
    }
    assert_eq!(warnings(&dir, "verify --model m.safetensors --input far.npy --device cpu"), expected[..1]);
    assert_eq!(warnings(&dir, "eval --model m.safetensors --input x.npy --k 3"), [""; 0]);
    dir.semid("encode --model m.safetensors --input far.npy --output ids.csv");
    let few = warnings(&dir, "eval --ids ids.csv --clusters 100");
    assert_eq!(few, expected[1..]);
    assert_eq!(warnings(&dir, "report --ids ids.csv --clusters 100 --output r.html"), expected[1..]);

    let mut zeros = x;
    zeros[60..66].fill(0.0);
    dir.npy_of("zeros.npy", 6, &zeros);
    dir.semid("fit --input x.npy --levels 1 --clusters 8 --metric cosine --output cosine.safetensors").ok();
    let expected = warnings(&dir, "encode --model cosine.safetensors --input zeros.npy --output c.npy");
    assert!(expected.len() == 1 && expected[0].contains("no direction"), "{expected:?}");
    for command in ["assign --row-numbers --db cosine.db", "eval --k 3", "report --output r.html --k 3"] {
        let found = warnings(&dir, &format!("{command} --model cosine.safetensors --input zeros.npy"));
        assert_eq!(found, expected, "{command}");
    }
    let sweep = "sweep --input zeros.npy --levels 1 --clusters 8 --metric cosine --k 0 --output s.jsonl";
    assert_eq!(warnings(&dir, sweep), expected);
    dir.semid("encode --model cosine.safetensors --input zeros.npy --output ids.csv");
    assert_eq!(warnings(&dir, "eval --ids ids.csv --input zeros.npy --row-numbers --metric cosine"), expected);
}

/// Networks cut far values off at the others, and every command that gives them rows tells of such values.
#[test]
fn far_values_in_networks_are_told() {
    let dir = Dir::new();
    let mut x = super::values(300, 6);
    (x[20], x[61]) = (1e30, -1e25);
    dir.npy_of("x.npy", 6, &x);
    let network = "--kind rq-vae --levels 1 --clusters 4 --hidden 8 --latent 4 --epochs 1 --batch 64";
    let told = warnings(&dir, &format!("fit --input x.npy {network} --output m.safetensors"));
    let expected = "2 values lie far beyond all others, and they were cut off at the farthest of these; \
                    the worst rows, counted from 0: row 3 column 2: 1e30, row 10 column 1: -1e25; \
                    leave them out if they are wrong";
    assert_eq!(told, [expected]);
    for command in ["encode --output c.npy", "eval --k 0"] {
        assert_eq!(warnings(&dir, &format!("{command} --model m.safetensors --input x.npy")), [expected], "{command}");
    }
}

#[test]
fn dimensions_beside_far_wider_ones_are_told() {
    let dir = Dir::new();
    let mut x = super::values(300, 6);
    x.iter_mut().skip(4).step_by(6).for_each(|value| *value *= 1e-5);
    dir.npy_of("x.npy", 6, &x);
    let found = warnings(&dir, "fit --input x.npy --levels 1 --clusters 8 --output m.safetensors");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("1 dimension of 6 differs by fewer than 1,024 steps"), "{found:?}");
    assert!(found[0].contains("dimension 4 ("), "{found:?}");
    assert_eq!(warnings(&dir, "sweep --input x.npy --levels 1 --clusters 8 --k 0 --output s.jsonl"), found);
    // Where many rows are far larger, the others are coarse in all dimensions.
    let mut far = super::values(300, 6);
    far.iter_mut().take(45 * 6).for_each(|value| *value *= 1e6);
    dir.npy_of("far.npy", 6, &far);
    let told = warnings(&dir, "fit --input far.npy --levels 1 --clusters 8 --output m.safetensors");
    let half = "in 6 of 6 dimensions half of the values lie within 64 steps";
    assert!(told.iter().any(|told| told.starts_with(half)), "{told:?}");
    // A single far value costs the others nothing.
    let mut far = super::values(300, 6);
    far[7] = 1e8;
    dir.npy_of("one.npy", 6, &far);
    let told = warnings(&dir, "fit --input one.npy --levels 1 --clusters 8 --output m.safetensors");
    assert!(told.len() == 1 && told[0].starts_with("1 value lies far beyond"), "{told:?}");
    // A constant has nothing to lose, and what does not even differ by a step is one beside the others.
    x.iter_mut().skip(4).step_by(6).for_each(|value| *value *= 1e-9);
    dir.npy_of("dead.npy", 6, &x);
    assert_eq!(warnings(&dir, "fit --input dead.npy --levels 1 --clusters 8 --output m.safetensors"), [""; 0]);
    x.iter_mut().skip(4).step_by(6).for_each(|value| *value = 7.0);
    dir.npy_of("constant.npy", 6, &x);
    assert_eq!(warnings(&dir, "fit --input constant.npy --levels 1 --clusters 8 --output m.safetensors"), [""; 0]);
}

#[test]
fn a_sweep_names_the_runs_that_use_few_codes() {
    let dir = Dir::new();
    let x = super::values(300, 6);
    dir.npy_of("x.npy", 6, &x[6..12].repeat(200));
    let found = warnings(&dir, "sweep --input x.npy --levels 1 --clusters 4,100 --k 0 --output s.jsonl");
    assert_eq!(found, ["rq-kmeans-1x100-seed42: level 1 uses 1 code of 100: fewer than 5 %"]);
    let mut far = x;
    far[8] = 1e30;
    dir.npy_of("far.npy", 6, &far);
    let found = warnings(&dir, "sweep --input far.npy --levels 1 --clusters 4 --k 0 --output far.jsonl");
    assert!(found.len() == 1 && found[0].starts_with("1 dimension has values far beyond"), "{found:?}");
    assert!(found[0].contains("dimension 2;"), "{found:?}");
}
