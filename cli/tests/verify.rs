//! `semid verify`: equal, different, or not to be had.

use super::Dir;
use semid::io::read_codes;
use sha2::{Digest, Sha256};

const VERIFY: &str = "verify --model m.safetensors --input x.npy";

#[test]
fn all_devices_are_equal_and_the_digest_is_that_of_the_codes() {
    let dir = Dir::with_model();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    let (codes, _) = read_codes(dir.path("c.npy")).unwrap();
    let digest = Sha256::digest(codes.iter().flat_map(|code| code.to_le_bytes()).collect::<Vec<u8>>());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();

    let json = dir.semid(&format!("{VERIFY} --device cpu --device reference --json --all")).json(0);
    assert_eq!((&json["equal"], &json["rows"]), (&true.into(), &300.into()));
    let devices = json["devices"].as_array().unwrap();
    assert_eq!(devices.iter().map(|device| &device["name"]).collect::<Vec<_>>(), ["cpu", "reference"]);
    for device in devices {
        assert_eq!((&device["equal"], &device["rows"]), (&true.into(), &300.into()), "{device}");
        assert_eq!(device["codes_sha256"], digest, "{device}");
        assert_eq!(device["fit_fingerprint"], devices[0]["fit_fingerprint"], "{device}");
        assert!(device["backend"].is_string(), "{device}");
    }
}

#[test]
fn a_single_device_is_compared_with_the_reference() {
    let dir = Dir::with_model();
    for (name, names) in [("cpu", ["reference", "cpu"]), ("reference", ["cpu", "reference"])] {
        let json = dir.semid(&format!("{VERIFY} --device {name} --rows 40 --json")).json(0);
        let devices = json["devices"].as_array().unwrap();
        assert_eq!(devices.iter().map(|device| &device["name"]).collect::<Vec<_>>(), names);
        assert_eq!((&json["rows"], &json["input_rows"]), (&40.into(), &300.into()));
    }
}

#[test]
fn a_planted_difference_is_found_and_placed() {
    let dir = Dir::with_model();
    for name in ["cpu", "reference"] {
        let both = format!("{VERIFY} --device reference --device cpu --rows 30 --plant-difference {name}");
        let json = dir.semid(&format!("{both} --json")).json(1);
        assert_eq!(json["equal"], false);
        let devices = json["devices"].as_array().unwrap();
        assert_ne!(devices[0]["codes_sha256"], devices[1]["codes_sha256"]);
        assert_eq!(devices[0]["fit_fingerprint"], devices[1]["fit_fingerprint"]);
        // The last of 30 rows spread over 300.
        let difference = devices[1]["difference"].as_str().unwrap();
        assert!(difference.starts_with("row 290, level 2: code "), "{difference}");
        let text = dir.semid(&both);
        assert!(text.code == Some(1) && text.stdout.contains("NOT equal"), "{}", text.stdout);
    }
    dir.fails(&format!("{VERIFY} --device cpu --plant-difference gpu:9"), &["gpu:9"]);
}

#[test]
fn a_name_of_no_device_is_refused_before_any_work() {
    let dir = Dir::with_model();
    for flags in ["--device cpu --device quantum --json", "--device quantum"] {
        dir.fails(&format!("{VERIFY} {flags}"), &["there is no device `quantum`", "cpu"]);
    }
}
