//! Every seed, and small damage to it, through its target: what a minute of fuzzing finds first, in seconds and without
//! nightly Rust.

use std::fs;
use std::path::Path;

const TARGETS: [(&str, fn(&[u8])); 13] = [
    ("model", semid_fuzz::model),
    ("checkpoint", semid_fuzz::checkpoint),
    ("npy", semid_fuzz::npy),
    ("parquet", semid_fuzz::parquet),
    ("safetensors", semid_fuzz::safetensors),
    ("fvecs", semid_fuzz::fvecs),
    ("csv", semid_fuzz::csv),
    ("jsonl", semid_fuzz::jsonl),
    ("npz", semid_fuzz::npz),
    ("ids", semid_fuzz::ids),
    ("database", semid_fuzz::database),
    ("sweep", semid_fuzz::sweep),
    ("shards", semid_fuzz::shards),
];

#[test]
fn seeds_and_small_damage_break_no_promise() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let seeds: Vec<_> =
            fs::read_dir(&folder).expect("every target has seeds").map(|file| file.unwrap().path()).collect();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds {
            let seed = fs::read(&path).unwrap();
            target(&seed);
            // About 200 places in each, whatever its size.
            for at in (0..seed.len()).step_by(seed.len().div_ceil(200)) {
                target(&seed[..at]);
                for damage in [0x01, 0x80, 0xff] {
                    let mut damaged = seed.clone();
                    damaged[at] ^= damage;
                    target(&damaged);
                }
            }
        }
    }
}
