//! Several files as one input, for every command.

use super::{Dir, values};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// `x.npy` as a folder `parts` of three files, with what other programs leave beside them.
fn with_parts() -> Dir {
    let dir = Dir::with_items();
    let all = values(300, 6);
    fs::create_dir(dir.path("parts")).unwrap();
    for (i, (from, to)) in [(0, 90), (90, 91), (91, 91), (91, 300)].into_iter().enumerate() {
        dir.npy_of(&format!("parts/part-{i}.npy"), 6, &all[from * 6..to * 6]);
    }
    dir.write("parts/_SUCCESS", "");
    dir.write("parts/.part-0.npy.crc", "crc");
    dir
}

const FORMS: [&str; 4] = [
    "parts",
    "parts/part-*.npy",
    "parts/part-0.npy --input parts/part-1.npy -i parts/part-3.npy",
    "parts/part-0.npy parts/part-1.npy parts/part-2.npy parts/part-3.npy",
];

#[test]
fn every_command_reads_parts_as_the_whole() {
    let dir = with_parts();
    let same = |command: &str, output: &str| {
        dir.semid(&command.replace("INPUT", "x.npy")).ok();
        let expected = dir.read(output);
        for form in FORMS {
            fs::remove_file(dir.path(output)).unwrap();
            dir.semid(&command.replace("INPUT", form)).ok();
            assert_eq!(dir.read(output), expected, "{command} {form}");
        }
    };
    same("fit --output f.safetensors --levels 2 --clusters 8 --input INPUT", "f.safetensors");
    same("fit --output v.safetensors --kind rq-vae --epochs 1 --levels 2 --clusters 8 --input INPUT", "v.safetensors");
    same("encode --model m.safetensors --output c.npy --input INPUT", "c.npy");
    same("encode --model m.safetensors --output c.csv --input INPUT", "c.csv");
    let assign = "assign --db DB --model m.safetensors --items items.txt --output i.csv --input INPUT";
    for (i, form) in ["x.npy"].iter().chain(&FORMS).enumerate() {
        dir.semid(&assign.replace("DB", &format!("{i}.db")).replace("INPUT", form)).ok();
        dir.semid(&format!("export --db {i}.db --output ids-{i}.csv")).ok();
        assert_eq!(dir.read(&format!("ids-{i}.csv")), dir.read("ids-0.csv"), "{form}");
    }
    let numbers = |command: &str| {
        let mut json: Value = serde_json::from_str(&dir.semid(command).stdout).unwrap();
        json.as_object_mut().unwrap().remove("seconds");
        json
    };
    let eval = "eval --model m.safetensors --json --k 2 --input";
    let verify = "verify --model m.safetensors --device cpu --device reference --json --input";
    let sweep = "sweep --levels 1 --clusters 4 --k 0 --json --output s.jsonl --input";
    let report = "report --model m.safetensors --output r.html --input";
    for form in FORMS {
        assert_eq!(numbers(&format!("{eval} {form}")), numbers(&format!("{eval} x.npy")), "{form}");
        assert_eq!(numbers(&format!("{verify} {form}"))["equal"], true, "{form}");
        // The lines of a sweep hold the digest of its rows: another input would be refused.
        assert_eq!(numbers(&format!("{sweep} {form}"))["runs"], 1, "{form}");
        dir.semid(&format!("{report} {form}")).ok();
    }
}

#[test]
fn a_model_names_all_files_that_it_was_fitted_to() {
    let dir = with_parts();
    dir.semid("fit --input parts --provenance --levels 1 --clusters 4 --output p.safetensors").ok();
    let info = dir.semid("info --model p.safetensors --json").stdout;
    let info: Value = serde_json::from_str(&info).unwrap();
    let inputs = info["provenance"]["inputs"].as_array().unwrap();
    let named: Vec<_> = inputs.iter().map(|of| (of["name"].as_str().unwrap(), of["rows"].as_u64().unwrap())).collect();
    assert_eq!(named, [("part-0.npy", 90), ("part-1.npy", 1), ("part-3.npy", 209)]);
}

#[test]
fn item_keys_come_along_from_every_part() {
    let dir = Dir::new();
    fs::write(dir.path("all.parquet"), include_bytes!("../data/top-packages.parquet")).unwrap();
    fs::create_dir(dir.path("twice")).unwrap();
    dir.semid("fit --input all.parquet --levels 1 --clusters 8 --output m.safetensors").ok();
    for i in 0..2 {
        fs::write(dir.path(&format!("twice/{i}.parquet")), include_bytes!("../data/top-packages.parquet")).unwrap();
    }
    dir.semid("encode --model m.safetensors --id-column name --input all.parquet --output one.csv").ok();
    dir.semid("encode --model m.safetensors --id-column name --input twice --output two.csv").ok();
    let (one, two) = (dir.text("one.csv"), dir.text("two.csv"));
    let (header, rows) = one.split_once('\n').unwrap();
    assert_eq!(two, format!("{header}\n{rows}{rows}"));
}

#[test]
fn parts_that_do_not_go_together_are_refused_with_both_names() {
    let dir = with_parts();
    dir.npy("narrow.npy", 10, 5);
    dir.fails(
        "fit --input x.npy narrow.npy --clusters 4 --output out.safetensors",
        &["narrow.npy", "5 dimensions", "x.npy", "6"],
    );
    dir.fails("fit --input gone-*.npy --clusters 4 --output out.safetensors", &["gone-*.npy", "no file fits"]);
    dir.fails(
        "encode --model m.safetensors --input parts --output parts/part-1.npy",
        &["parts/part-1.npy", "is also the input"],
    );
}

#[test]
fn flags_that_concern_no_file_of_the_input_are_refused() {
    let dir = Dir::with_model();
    for (flag, value) in [("--column", "e"), ("--columns", "f"), ("--as", "f32le"), ("--tensor", "x")] {
        let encode = format!("encode --model m.safetensors --input x.npy {flag} {value} --output c.npy");
        dir.fails(&encode, &["x.npy", flag, "leave it out"]);
    }
    fs::write(dir.path("x.parquet"), include_bytes!("../data/top-packages.parquet")).unwrap();
    dir.fails("fit --input x.parquet --integers --output n.safetensors", &["--integers", ".npy"]);
    // One file for which the flag is meant is enough.
    dir.write("x.jsonl", format!("{{\"e\":{:?}}}\n", values(1, 6)));
    dir.semid("encode --model m.safetensors --input x.npy x.jsonl --column e --output c.npy").ok();
}

#[test]
fn files_of_other_formats_are_named() {
    let dir = with_parts();
    let encode = "encode --model m.safetensors --input parts --output c.npy -v";
    assert!(!dir.semid(encode).stderr.contains("note:"));
    dir.write("parts/readme.md", "");
    let run = dir.semid(encode);
    let file = Path::new("parts").join("readme.md");
    let note = format!("note: 1 file of other formats passed over: {}\n", file.display());
    assert!(run.code == Some(0) && run.stderr.contains(&note), "{}", run.stderr);
}
