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
