//! `--refine` and `--refine-beam`, and the beam that a model keeps.

use super::{Dir, values};
use semid::io::read_codes;
use semid::{Device, Matrix, RqKMeans, RqKMeansModel};

const FIT: &str = "fit --input x.npy --levels 3 --clusters 8 --max-iter 3";

/// A folder with rows, and the model of a refinement.
fn folder(flags: &str) -> (Dir, serde_json::Value) {
    let dir = Dir::new();
    dir.npy_of("x.npy", 6, &values(300, 6));
    let told = dir.semid(&format!("{FIT} --output m.safetensors --json {flags}")).json(0);
    (dir, told)
}

#[test]
fn refinements_are_those_of_the_library() {
    let (dir, told) = folder("--refine 5 --refine-beam 4");
    let values = values(300, 6);
    let (rows, device) = (Matrix::new(&values, 6).unwrap(), Device::reference());
    let params = RqKMeans::new(3, 8).max_iter(3);
    let expected = params.clone().refine(5).refine_beam(4).fit(&rows, &device).unwrap();
    assert_eq!(told["fingerprint"], expected.fingerprint());
    assert_eq!(RqKMeansModel::load(dir.path("m.safetensors")).unwrap(), expected);
    let refinement = &told["refinement"];
    let number = |name: &str| refinement[name].as_f64().unwrap();
    assert!(number("squared_error") < number("squared_error_before"), "{refinement}");
    assert!(number("squared_error_before") <= told["levels"][2]["squared_error"].as_f64().unwrap());
    assert_eq!((number("beam"), (1.0..=5.0).contains(&number("rounds"))), (4.0, true));
    let plain = dir.semid(&format!("{FIT} --output plain.safetensors --json")).json(0);
    assert!(plain.get("refinement").is_none());
    assert_eq!(plain["fingerprint"], params.fit(&rows, &device).unwrap().fingerprint());

    let text = dir.semid(&format!("{FIT} --output n.safetensors --refine 2")).ok();
    let line = text.lines().find(|line| line.starts_with("refined in ")).unwrap_or_else(|| panic!("{text}"));
    assert!(
        line.starts_with("refined in 2 rounds: squared error ")
            && line.contains(" before, ")
            && line.contains(" after, ")
            && line.ends_with(" % less"),
        "{line}"
    );
    let lines = dir.semid(&format!("{FIT} --output n.safetensors --refine 2 -v")).stderr;
    assert!(lines.contains("refinement 1/1, round 1 of at most 2: squared error"), "{lines}");
}

/// Encodes go by the beam of the model unless they are told otherwise.
#[test]
fn a_model_keeps_the_beam_of_its_refinement() {
    let (dir, _) = folder("--refine 2 --refine-beam 4");
    let encode = |flags: &str| {
        let told =
            dir.semid(&format!("encode --model m.safetensors --input x.npy --output c.npy --json {flags}")).json(0);
        (told["beam"].clone(), read_codes(dir.path("c.npy")).unwrap().0)
    };
    let (own, greedy, wide) = (encode(""), encode("--beam 1"), encode("--beam 4"));
    assert_eq!(own, wide);
    assert_ne!(own.1, greedy.1);
    assert_eq!((&own.0, &greedy.0), (&4.into(), &1.into()));
    let text = dir.semid("info --model m.safetensors").ok();
    assert!(text.contains("refined       in up to 2 rounds\n"), "{text}");
    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!((&info["beam"], &info["parameters"]["refine_beam"]), (&4.into(), &4.into()));
    assert!(dir.semid("info --model m.safetensors").ok().contains("by a beam of 4"));
    assert!(
        dir.semid("verify --model m.safetensors --input x.npy --device cpu")
            .ok()
            .contains("every device gave the same bits")
    );

    // IDs are those codes, too.
    let ids = |db: &str, flags: &str| {
        dir.semid(&format!(
            "assign --db {db} --model m.safetensors --input x.npy --row-numbers --output ids.jsonl {flags}"
        ))
        .ok();
        let line: serde_json::Value = serde_json::from_str(dir.text("ids.jsonl").lines().nth(7).unwrap()).unwrap();
        line["codes"].clone()
    };
    let of = |codes: &[u32]| serde_json::json!(codes[21..24]);
    assert_eq!(ids("own.db", ""), of(&own.1));
    let differs = (0..300).find(|row| own.1[row * 3..][..3] != greedy.1[row * 3..][..3]).unwrap();
    assert!(differs < 300);
    assert_eq!(ids("greedy.db", "--beam 1"), of(&greedy.1));

    // The parameters in the file give the same model again; a model without a refinement does not name one.
    dir.write("fit.json", info["parameters"].to_string());
    dir.semid("fit --input x.npy --config fit.json --output again.safetensors").ok();
    assert_eq!(dir.read("again.safetensors"), dir.read("m.safetensors"));
    dir.semid(&format!("{FIT} --output plain.safetensors")).ok();
    let info = dir.semid("info --model plain.safetensors --json").json(0);
    assert!(info.get("beam").is_none() && info["parameters"].get("refine").is_none(), "{info}");
}

#[test]
fn sweeps_refine_every_run() {
    let (dir, _) = folder("--refine 2 --refine-beam 2");
    let sweep =
        "sweep --input x.npy --levels 2,3 --clusters 8 --max-iter 3 --k 0 --rank-by mse --output s.jsonl --json";
    let swept = dir.semid(&format!("{sweep} --refine 2 --refine-beam 2 --models models")).json(0);
    let lines: Vec<&serde_json::Value> = swept["ranking"].as_array().unwrap().iter().collect();
    let fingerprint = |levels: usize| {
        let name = format!("fit --input x.npy --levels {levels} --clusters 8 --max-iter 3 --refine 2 --refine-beam 2");
        dir.semid(&format!("{name} --output f.safetensors --json")).json(0)["fingerprint"].clone()
    };
    for levels in [2, 3] {
        let line = lines.iter().find(|line| line["parameters"]["levels"] == levels).unwrap();
        assert_eq!(line["fingerprint"], fingerprint(levels), "{line}");
        assert_eq!(line["settings"]["refine"], 2, "{line}");
    }
    dir.fails(sweep, &["line 1", "refine"]);
}

#[test]
fn refinements_that_make_no_sense_are_refused() {
    let (dir, _) = folder("");
    let fails = |flags: &str, parts: &[&str]| dir.fails(&format!("{FIT} --output n.safetensors {flags}"), parts);
    fails("--refine 1 --balanced", &["refine", "must be 0 with balance"]);
    fails("--refine 1 --normalize-residuals", &["refine", "normalised"]);
    fails("--refine 1 --refine-beam 0", &["refine_beam", "1 to 1024"]);
    fails("--refine-beam 4", &["refine_beam", "ask for rounds"]);
    fails("--refine 1 --kind rq-vae", &["--refine", "rq-kmeans"]);
    let parameters = RqKMeans::default();
    assert_eq!((parameters.get_refine(), parameters.get_refine_beam()), (0, 1));
}

/// `--beam 1` measures the nearest codewords of a model that has a beam of its own.
#[test]
fn a_beam_of_one_is_no_beam() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    dir.semid("fit --input x.npy --levels 3 --clusters 8 --refine 3 --refine-beam 4 --output m.safetensors").ok();
    dir.semid("encode --model m.safetensors --input x.npy --beam 1 --output c.npy").ok();
    let eval = |flags: &str| {
        let found = dir.semid(&format!("eval --model m.safetensors --input x.npy --k 3 --json {flags}")).json(0);
        ["mse", "collision_rate", "recall_at_k"].map(|name| found[name].clone())
    };
    let greedy = eval("--codes c.npy");
    assert_eq!(eval("--beam 1"), greedy);
    assert_ne!(eval(""), greedy);
    assert_eq!(eval("--beam 4"), eval(""));
    let report = |flags: &str| {
        dir.semid(&format!("report --model m.safetensors --input x.npy --k 3 --output r.html {flags}")).ok();
        dir.text("r.html")
    };
    let (own, one) = (report(""), report("--beam 1"));
    for part in ["in 3 rounds, by a beam of 4", "4 codes per row and level, which the model keeps", "less"] {
        assert!(own.contains(part), "{part}");
    }
    assert!(one.contains("none: the nearest codeword of every level") && !one.contains("by the beam,"));
}
