//! Model files that are damaged, hostile or from the future.

use super::Dir;

#[test]
fn truncated_and_flipped_models_are_noticed() {
    let dir = Dir::with_model();
    let model = dir.read("m.safetensors");
    let step = model.len() / 23;
    for at in (0..model.len()).step_by(step) {
        dir.write("bad.safetensors", &model[..at]);
        dir.fails("info --model bad.safetensors", &["bad.safetensors"]);
        let mut flipped = model.clone();
        flipped[at] ^= 1 << (at % 8);
        dir.write("bad.safetensors", flipped);
        dir.fails("info --model bad.safetensors", &["bad.safetensors"]);
    }
    dir.write("bad.safetensors", [model.as_slice(), b"tail"].concat());
    dir.fails("encode --model bad.safetensors --input x.npy --output c.npy", &["bad.safetensors"]);
}

#[test]
fn hostile_headers_are_refused() {
    let dir = Dir::with_model();
    for len in [u64::MAX, 1 << 40, 100_000_001, 0] {
        dir.write("bad.safetensors", [&len.to_le_bytes(), b"{}".as_slice()].concat());
        dir.fails("info --model bad.safetensors", &["bad.safetensors"]);
    }
    let header = br#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#;
    dir.write("bad.safetensors", [&(header.len() as u64).to_le_bytes(), header.as_slice()].concat());
    dir.fails("info --model bad.safetensors", &["bad.safetensors"]);
    dir.fails("decode --model bad.safetensors --input x.npy --output d.npy", &["bad.safetensors"]);
}

#[test]
fn models_of_a_newer_format_ask_for_an_update() {
    let dir = Dir::with_model();
    let mut model = dir.read("m.safetensors");
    let version = br#""format_version":"4""#;
    let at = model.windows(version.len()).position(|window| window == version).unwrap();
    model[at + version.len() - 2] = b'7';
    dir.write("new.safetensors", model);
    dir.fails("info --model new.safetensors", &["new.safetensors", "version 7", "update semid"]);
}

/// The library names its own function, the tool its command.
#[test]
fn what_is_no_model_says_what_makes_one() {
    let dir = Dir::with_model();
    let header = br#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    dir.write("other.safetensors", [&(header.len() as u64).to_le_bytes(), header.as_slice(), &[0; 4]].concat());
    dir.fails(
        "info --model other.safetensors",
        &["other.safetensors", "`Model::save`", "`semid fit` writes such files"],
    );
    let error = semid::Model::load(dir.path("other.safetensors")).unwrap_err().to_string();
    assert!(error.contains("`Model::save`") && !error.contains("semid fit"), "{error}");
}
