//! `--json`: one object with the promised fields.

use super::{Dir, Run};
use serde_json::Value;

/// The names of the fields, in alphabetical order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_digest(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()))
}

#[test]
fn fit() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    let fit = dir.semid("fit --input x.npy --output m.safetensors --clusters 8,5 --device cpu --json").json(0);
    let expected =
        "backend device dim fingerprint kind levels output read_seconds rows saturated_values seconds warnings";
    assert_eq!(keys(&fit).join(" "), expected);
    assert_eq!((&fit["rows"], &fit["dim"], &fit["device"]), (&300.into(), &6.into(), &"cpu".into()));
    assert!(is_digest(&fit["fingerprint"]) && fit["seconds"].as_f64() > Some(0.0));
    let levels = fit["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|level| &level["clusters"]).collect::<Vec<_>>(), [8, 5]);
    for level in levels {
        assert_eq!(keys(level).join(" "), "clusters empty_reseeded iterations squared_error");
        assert!(level["iterations"].as_u64() > Some(0) && level["squared_error"].as_f64() > Some(0.0), "{level}");
    }
    assert!(levels[1]["squared_error"].as_f64() < levels[0]["squared_error"].as_f64());
}

#[test]
fn encode_decode_and_info() {
    let dir = Dir::with_model();
    let encode = dir.semid("encode --model m.safetensors --input x.npy --output c.npy --json").json(0);
    let expected =
        "backend device levels output read_seconds rows saturated_values seconds settled_assignments warnings";
    assert_eq!(keys(&encode).join(" "), expected);
    assert_eq!((&encode["rows"], &encode["levels"]), (&300.into(), &2.into()));

    let decode = dir.semid("decode --model m.safetensors --input c.npy --output d.npy --levels 1 --json").json(0);
    assert_eq!(keys(&decode).join(" "), "dim levels output rows seconds");
    assert_eq!((&decode["rows"], &decode["levels"], &decode["dim"]), (&300.into(), &1.into(), &6.into()));

    let info = dir.semid("info --model m.safetensors --json").json(0);
    let expected = "clusters codebook_exponent dim fingerprint grid_exponent kind largest_component levels metric \
                    normalize_residuals parameters prices provenance seed";
    assert_eq!(keys(&info).join(" "), expected);
    assert_eq!((&info["levels"], &info["clusters"], &info["seed"]), (&2.into(), &vec![8, 8].into(), &42.into()));
    assert!(is_digest(&info["fingerprint"]));
}

#[test]
fn devices() {
    let devices = Dir::new().semid("devices --json").json(0);
    let list = devices["devices"].as_array().unwrap();
    assert_eq!((&list[0]["name"], &list[1]["name"]), (&"reference".into(), &"cpu".into()));
    for device in list {
        assert!(device["usable"].is_boolean() && device["hardware"].is_boolean(), "{device}");
        assert!(device["backend"].is_string() && device["description"].is_string(), "{device}");
    }
    assert!(devices["auto"].is_string());
}

/// Units of the CPU are devices of their own; `SEMID_SIMD` chooses the instructions of all of them.
#[test]
fn units_of_the_cpu() {
    let dir = Dir::with_model();
    let run = |args: &str, simd: &str| Run::of(args, dir.command(args).env("SEMID_SIMD", simd).output().unwrap());
    let devices = run("devices --json", "portable").json(0);
    let list = devices["devices"].as_array().unwrap();
    for name in ["cpu", "cpu:8bit", "cpu:16bit", "cpu:f32", "cpu:portable"] {
        let device = list.iter().find(|device| device["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(device["usable"] == true && device["description"].as_str().unwrap().contains("portable, "), "{device}");
    }
    let args = "verify --model m.safetensors --input x.npy --device cpu --device cpu:8bit --device cpu:16bit \
                --device cpu:f32 --device reference";
    for simd in ["portable", "avx2", "avx512", "avxvnni", "avx512vnni"] {
        if simd == "portable" || list.iter().any(|device| device["description"].as_str().unwrap().contains("x86_64")) {
            let verified = run(&format!("{args} --json"), simd);
            // A processor without these instructions refuses all of its units, and says so.
            if verified.code == Some(2) {
                assert!(simd != "portable" && verified.stderr.contains("name one of "), "{}", verified.stderr);
            } else {
                assert_eq!(verified.json(0)["equal"], true, "{simd}");
            }
        }
    }
    let unknown = run("encode --model m.safetensors --input x.npy --output c.npy --device cpu", "avx9");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("SEMID_SIMD") && unknown.stderr.contains("avx9"), "{}", unknown.stderr);
    let devices = run("devices --json", "avx9").json(0);
    let cpu = devices["devices"].as_array().unwrap().iter().find(|device| device["name"] == "cpu").unwrap().clone();
    assert!(cpu["usable"] == false && cpu["reason"].as_str().unwrap().contains("avx9"), "{cpu}");
    dir.fails(
        "encode --model m.safetensors --input x.npy --output c.npy --device cpu:64bit",
        &["cpu:64bit", "cpu:16bit"],
    );
}

#[test]
fn errors_leave_stdout_empty() {
    let dir = Dir::new();
    dir.fails("fit --input gone.npy --output m.safetensors --json", &["gone.npy"]);
    dir.fails("info --model gone.safetensors --json", &["gone.safetensors"]);
}
