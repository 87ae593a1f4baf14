//! Every seed, and small damage to it, through its target: what a minute of fuzzing finds first, in seconds and without
//! nightly Rust.

use semid::io::{self, ReadOptions};
use semid::shards::{Reply, Worker};
use semid::{Device, Matrix, Rows};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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

/// The seeds of a target.
fn seeds(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let seeds: Vec<_> =
        fs::read_dir(&folder).expect("every target has seeds").map(|file| file.unwrap().path()).collect();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds
}

#[test]
fn seeds_and_small_damage_break_no_promise() {
    for (name, target) in TARGETS {
        for path in seeds(name) {
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

#[test]
fn seeds_of_parquet_are_read_as_embeddings_unless_their_names_say_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut read = 0;
    for seed in seeds("parquet") {
        let name = seed.file_name().unwrap().to_str().unwrap();
        if name == "ids" || name.starts_with("panics-") {
            continue;
        }
        fs::copy(&seed, &path).unwrap();
        let rows = io::open(&path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut values = [0.0; 12 * 4];
        assert_eq!((rows.len(), rows.dim()), (12, 4), "{name}");
        rows.read(0, &mut values).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Only the first three rows are in those that a dictionary or a codec makes smaller.
        let rows = if values[..12] == values[12..24] { 3 } else { 12 };
        let written = |i: usize| (i % (4 * rows) * 37 % 101) as f32 / 16.0;
        assert_eq!(values.to_vec(), (0..values.len()).map(written).collect::<Vec<_>>(), "{name}");
        read += 1;
    }
    assert!(read >= 13, "{read} seeds were read");
}

#[test]
fn every_kind_of_request_and_of_reply_is_among_the_seeds() {
    let values = semid_fuzz::values();
    let (mut requests, mut replies) = (BTreeSet::new(), BTreeSet::new());
    for path in seeds("shards") {
        let (bytes, name) = (fs::read(&path).unwrap(), path.file_name().unwrap().to_str().unwrap());
        // The kind of a reply stands after its letters and version; it has the number of its request's kind.
        if name.starts_with("reply-") {
            Reply::from_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            replies.insert(bytes[8]);
        } else if name.starts_with("request-") {
            let mut worker = Worker::new(Matrix::new(&values, 4).unwrap(), 0, &Device::reference());
            let reply = worker.answer(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            requests.insert(reply[8]);
        }
    }
    let is_a_kind = |kind: &u8| {
        let error = Reply::from_bytes(&[b"SIDr\x01\0\0\0", &[*kind][..]].concat()).unwrap_err();
        !error.to_string().contains("no answer has the number")
    };
    let kinds: BTreeSet<u8> = (0..=u8::MAX).filter(is_a_kind).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    assert_eq!(requests, kinds);
    assert_eq!(replies, kinds);
}
