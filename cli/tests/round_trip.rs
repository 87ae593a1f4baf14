//! From embeddings to codes and back, and the same bytes every time.

use super::{Dir, values};
use semid::io::read_codes;
use semid::{Device, Matrix, RqKMeans, RqKMeansModel};

#[test]
fn fit_encode_decode_as_the_library_does() {
    let dir = Dir::with_model();
    let values = values(300, 6);
    let rows = Matrix::new(&values, 6).unwrap();
    let expected = RqKMeans::new(2, 8).fit(&rows, &Device::reference()).unwrap();
    let model = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    assert_eq!(model, expected);

    assert!(
        dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok().starts_with("encoded 300 rows")
    );
    let codes = model.encode(&rows, &Device::reference()).unwrap();
    assert_eq!(read_codes(dir.path("c.npy")).unwrap(), (codes.values().to_vec(), 2));

    for (flags, levels) in [("", 2), ("--levels 1", 1)] {
        dir.semid(&format!("decode --model m.safetensors --input c.npy --output d.npy {flags}")).ok();
        let decoded = model.decode_levels(&codes, levels).unwrap();
        let bytes: Vec<u8> = decoded.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(dir.read("d.npy").ends_with(&bytes), "{levels} levels");
    }

    let info = dir.semid("info --model m.safetensors").ok();
    assert!(info.contains(&model.fingerprint()) && info.contains("l2"), "{info}");
    assert!(dir.semid("verify --model m.safetensors --input x.npy").ok().contains("every device gave the same bits"));
}

#[test]
fn every_run_writes_the_same_bytes() {
    let dir = Dir::new();
    dir.npy("x.npy", 2000, 9);
    let mut files = Vec::new();
    for flags in ["", "", "--threads 1", "--threads 3", "--device reference", "--device cpu --json", "--quiet"] {
        dir.semid(&format!("fit --input x.npy --output m.safetensors --clusters 20,7,3 --max-iter 9 {flags}")).ok();
        for codes in ["c.npy", "ids.csv", "ids.jsonl", "ids.parquet"] {
            dir.semid(&format!("encode --model m.safetensors --input x.npy --output {codes} {flags}")).ok();
        }
        dir.semid(&format!("decode --model m.safetensors --input c.npy --output d.npy {flags}")).ok();
        files.push(dir.files().iter().map(|name| (name.clone(), dir.read(name))).collect::<Vec<_>>());
    }
    assert!(files.iter().all(|other| *other == files[0]));
}

#[test]
fn every_parameter_reaches_the_fit() {
    let dir = Dir::new();
    dir.npy("x.npy", 400, 6);
    let fit = |flags: &str| {
        let args = format!("fit --input x.npy --output m.safetensors --json {flags}");
        dir.semid(&args).json(0)["fingerprint"].as_str().unwrap().to_owned()
    };
    let base = "--levels 2 --clusters 8";
    let variants = [
        base,
        "--clusters 8,9",
        "--levels 3 --clusters 8",
        "--levels 2 --clusters 8 --seed 7",
        "--levels 2 --clusters 8 --max-iter 1",
        "--levels 2 --clusters 8 --init random",
        "--levels 2 --clusters 8 --metric cosine",
        "--levels 2 --clusters 8 --normalize-residuals",
        "--levels 2 --clusters 8 --no-center",
        "--levels 2 --clusters 8 --sample 50",
        "--levels 2 --clusters 8 --algorithm hierarchical",
        "--levels 2 --clusters 8 --algorithm hierarchical --full-iter 0",
        "--levels 2 --clusters 8 --init hierarchical",
        "--levels 2 --clusters 8 --algorithm mini-batch --batch 40 --max-iter 20",
        "--levels 2 --clusters 8 --algorithm mini-batch --batch 40 --max-iter 20 --init-buffer 17",
        "--levels 2 --clusters 8 --algorithm mini-batch --batch 40 --max-iter 20 --joint",
    ];
    let mut seen = std::collections::HashMap::new();
    for flags in variants {
        if let Some(other) = seen.insert(fit(flags), flags) {
            panic!("{flags} gives the same as {other}");
        }
    }
    assert_eq!(fit(base), fit("--clusters 8,8"), "a list may stand for one number");
}
