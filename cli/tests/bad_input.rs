//! Bad arguments and bad embeddings: exit code 2, one line that says what and where, and nothing left behind.

use super::{Dir, values};

const FIT: &str = "fit --output out.safetensors --levels 2 --clusters 8";
const ENCODE: &str = "encode --model m.safetensors --output out.npy";

#[test]
fn values_that_are_not_finite_are_named_with_row_and_column() {
    let dir = Dir::with_model();
    for (at, value, text) in [(3 * 6 + 5, f32::NAN, "NaN"), (299 * 6, f32::NEG_INFINITY, "-inf")] {
        let mut values = values(300, 6);
        values[at] = value;
        dir.npy_of("bad.npy", 6, &values);
        let place = format!("row {}, column {} is {text}", at / 6, at % 6);
        for command in [FIT, ENCODE, "verify --model m.safetensors"] {
            dir.fails(&format!("{command} --input bad.npy"), &["bad.npy", &place]);
        }
    }
}

#[test]
fn shapes_that_cannot_be_fitted_or_encoded() {
    let dir = Dir::with_model();
    dir.npy_of("empty.npy", 6, &[]);
    dir.npy("few.npy", 7, 6);
    dir.npy("narrow.npy", 300, 5);
    dir.npy("wide.npy", 1, 9000);
    dir.write("flat.npy", {
        let header = format!("{:<118}", "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 0), }");
        [b"\x93NUMPY\x01\0v\0", header.as_bytes()].concat()
    });
    dir.fails(&format!("{FIT} --input empty.npy"), &["empty.npy", "no rows"]);
    dir.fails(&format!("{FIT} --input few.npy"), &["few.npy", "8 clusters", "7 rows"]);
    dir.fails(&format!("{FIT} --input x.npy --sample 5"), &["8 clusters", "5 rows"]);
    dir.fails(&format!("{FIT} --input wide.npy"), &["wide.npy", "9000 dimensions", "8192"]);
    dir.fails(&format!("{FIT} --input flat.npy"), &["flat.npy", "0 dimensions"]);
    for command in [ENCODE, "verify --model m.safetensors"] {
        dir.fails(&format!("{command} --input narrow.npy"), &["narrow.npy", "5 dimensions", "6"]);
    }
}

#[test]
fn parameters_out_of_range() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    let fit = "fit --input x.npy --output out.safetensors";
    let cases = [
        ("--clusters 0", vec!["level 1", "0 clusters", "65536"]),
        ("--clusters 65537", vec!["65537 clusters", "65536"]),
        ("--clusters 8,0", vec!["level 2", "0 clusters"]),
        ("--levels 3 --clusters 8,9", vec!["2 numbers", "3 levels"]),
        ("--levels 0", vec!["levels", "0"]),
        ("--clusters 8 --max-iter 0", vec!["max_iter"]),
        ("--clusters 8 --n-init 0", vec!["n_init"]),
        ("--clusters 8 --sample 0", vec!["sample"]),
        ("--clusters 8 --batch 7", vec!["--batch", "mini-batch"]),
        ("--clusters 8 --full-iter 7", vec!["--full-iter", "hierarchical"]),
        ("--clusters 8 --algorithm hierarchical --batch 7", vec!["--batch", "mini-batch"]),
        ("--clusters 8 --algorithm mini-batch --n-init 3", vec!["--n-init", "lloyd"]),
        ("--clusters 8 --algorithm mini-batch --batch 0", vec!["batch", "at least 1"]),
        ("--clusters 8 --device quantum", vec!["`quantum`", "cpu", "reference"]),
        ("--clusters 8 --device gpu:no-such-adapter", vec!["no-such-adapter"]),
        ("--clusters 8 --device cpu --device reference", vec!["--device", "once"]),
    ];
    for (flags, parts) in cases {
        dir.fails(&format!("{fit} {flags}"), &parts);
    }
    for flags in [
        "--clusters eight",
        "--clusters 8,",
        "--metric l3",
        "--tol NaN",
        "--threads -1",
        "--threads 99999",
        "--balance",
    ] {
        let run = dir.semid(&format!("{fit} {flags}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags}");
        assert!(run.stderr.contains("--"), "{flags}: {}", run.stderr);
    }
}

#[test]
fn files_that_are_missing_or_of_another_kind() {
    let dir = Dir::with_model();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    dir.write("x.doc", b"text");
    dir.fails(&format!("{FIT} --input gone.npy"), &["gone.npy", "(os error 2)"]);
    dir.fails(&format!("{FIT} --input x.doc"), &["x.doc", ".npy", ".fvecs"]);
    dir.fails(&format!("{FIT} --input ."), &[".npy"]);
    dir.fails(&format!("{FIT} --input c.npy"), &["c.npy"]);
    dir.fails("info --model gone.safetensors", &["gone.safetensors", "(os error 2)"]);
    dir.fails("info --model x.npy", &["x.npy"]);
    dir.fails("encode --model m.safetensors --input x.npy --output ids.xlsx", &["ids.xlsx", ".csv", ".npy"]);
    dir.fails("encode --model m.safetensors --input x.npy --output a.csv --id-column n", &["x.npy", ".parquet"]);
    dir.fails("encode --model m.safetensors --input x.npy --output a.csv --separator 1", &["separator"]);
    dir.fails("decode --model m.safetensors --input x.npy --output d.npy", &["x.npy", "floats"]);
    dir.fails("decode --model m.safetensors --input c.npy --output d.csv", &["d.csv", ".npy"]);
    dir.fails("decode --model m.safetensors --input c.npy --output d.npy --levels 3", &["c.npy", "3 levels", "2"]);
    dir.fails("decode --model m.safetensors --input c.npy --output d.npy --levels 0", &["c.npy", "0 levels"]);
}

#[test]
fn codes_that_the_model_does_not_have() {
    let dir = Dir::with_model();
    let mut out = semid::io::NpyWriter::<u32>::create(dir.path("c.npy"), 3, 2).unwrap();
    out.write(&[1, 2, 7, 8, 0, 0]).unwrap();
    out.finish().unwrap();
    dir.fails(
        "decode --model m.safetensors --input c.npy --output d.npy",
        &["c.npy", "row 1, level 2", "code 8 is not below 8"],
    );
}

#[test]
fn damaged_npy_and_parquet_files() {
    let dir = Dir::with_model();
    let npy = dir.read("x.npy");
    for len in [0, 5, 9, 60, 128, 129, npy.len() - 1] {
        dir.write("cut.npy", &npy[..len]);
        dir.fails(&format!("{FIT} --input cut.npy"), &["cut.npy"]);
    }
    let mut huge = npy.clone();
    huge[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
    dir.write("huge.npy", huge);
    dir.fails(&format!("{FIT} --input huge.npy"), &["huge.npy"]);
    let lie = String::from_utf8_lossy(&npy[..128]).replace("(300, 6)", "(9999999999, 6)");
    dir.write("lie.npy", [&npy[..8], &lie.as_bytes()[lie.len() - 120..]].concat());
    dir.fails(&format!("{FIT} --input lie.npy"), &["lie.npy"]);

    let parquet: &[u8] = include_bytes!("../data/top-packages.parquet");
    for len in [0, 3, 100, parquet.len() / 2, parquet.len() - 1] {
        dir.write("cut.parquet", &parquet[..len]);
        dir.fails(&format!("{FIT} --input cut.parquet"), &["cut.parquet"]);
    }
    // A flipped bit in a page may still be a value; what matters is that every outcome is an orderly one.
    let end = parquet.len();
    for at in [1, end / 7, end / 3, end / 2, end - 2000, end - 700, end - 300, end - 100, end - 9, end - 7, end - 1] {
        let mut flipped = parquet.to_vec();
        flipped[at] ^= 0x41;
        dir.write("flip.parquet", flipped);
        let run = dir.semid(&format!("{FIT} --input flip.parquet --max-iter 1 --sample 50"));
        match run.code {
            Some(0) => assert!(run.stderr.is_empty(), "{at}: {}", run.stderr),
            code => assert!(code == Some(2) && run.stderr.starts_with("error: flip.parquet"), "{at}: {}", run.stderr),
        }
        assert_eq!(run.stderr.is_empty(), run.code == Some(0), "{at}: {}", run.stderr);
    }
}

#[test]
fn outputs_that_cannot_be_written_are_noticed_before_the_work() {
    let dir = Dir::with_model();
    std::fs::create_dir(dir.path("folder.npy")).unwrap();
    let long = "fit --input x.npy --clusters 8 --n-init 1000000 --output";
    dir.fails(&format!("{long} gone/out.safetensors"), &["gone/out.safetensors"]);
    dir.fails(&format!("{long} x.npy/out.safetensors"), &["x.npy/out.safetensors"]);
    dir.fails(&format!("{long} folder.npy"), &["folder.npy"]);
    dir.fails(&format!("{long} x.npy"), &["x.npy", "a model is no .npy file"]);
    dir.fails("encode --model m.safetensors --input x.npy --output x.npy", &["x.npy", "is also the input"]);
    dir.fails("encode --model m.safetensors --input x.npy --output gone/c.npy", &["gone/c.npy"]);
    dir.fails("decode --model m.safetensors --input x.npy --output gone/d.npy", &["x.npy"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_that_names_the_file() {
    let dir = Dir::with_model();
    std::os::unix::fs::symlink("/dev/full", dir.path("full.npy")).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path("full.csv")).unwrap();
    dir.fails("fit --input x.npy --clusters 8 --output /dev/full", &["/dev/full", "No space left"]);
    for output in ["full.npy", "full.csv"] {
        let args = format!("encode --model m.safetensors --input x.npy --output {output}");
        dir.fails(&args, &[output, "No space left"]);
    }
}

#[test]
fn a_decoder_that_panics_on_a_damaged_file_is_one_line() {
    let dir = Dir::new();
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/parquet");
    for number in 1..=3 {
        dir.write("x.parquet", std::fs::read(seeds.join(format!("panics-{number}"))).unwrap());
        let args = "fit --input x.parquet --clusters 2 --output out.safetensors";
        dir.fails(args, &["x.parquet", "its decoder gave up"]);
    }
}
