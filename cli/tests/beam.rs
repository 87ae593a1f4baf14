//! `--beam` and `--candidates`.

use super::{Dir, values};
use semid::io::{read_codes, read_strings};
use semid::{Device, Matrix, Quantizer, RqKMeansModel};

#[test]
fn beams_and_candidates_are_those_of_the_library() {
    let dir = Dir::with_model();
    let values = values(300, 6);
    let (rows, device) = (Matrix::new(&values, 6).unwrap(), Device::reference());
    let model = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    let encode = |flags: &str| dir.semid(&format!("encode --model m.safetensors --input x.npy --json {flags}")).json(0);

    let report = encode("--output c.npy --beam 4");
    assert_eq!((&report["beam"], &report["rows"]), (&4.into(), &300.into()));
    let best = model.encoder().beam(4).encode(&rows, &device).unwrap();
    assert_ne!(best, model.encode(&rows, &device).unwrap());
    assert_eq!(read_codes(dir.path("c.npy")).unwrap(), (best.values().to_vec(), 2));
    encode("--output c.npy --beam 1");
    assert_eq!(read_codes(dir.path("c.npy")).unwrap().0, model.encode(&rows, &device).unwrap().values());

    // Without --beam, the beam is as wide as there are candidates.
    let expected = model.encoder().beam(3).candidates(3, &rows, &device).unwrap();
    let report = encode("--output c.npy --candidates 3");
    assert_eq!((&report["beam"], &report["candidates"]), (&3.into(), &3.into()));
    assert_eq!(read_codes(dir.path("c.npy")).unwrap(), (expected.codes().to_vec(), 2));
    encode("--output c.jsonl --candidates 3 --beam 3");
    encode("--output c.csv --candidates 3");
    encode("--output c.parquet --candidates 3");
    let unit = model.step().powi(2);
    let lines = dir.text("c.jsonl");
    let ids = read_strings(dir.path("c.parquet"), "id").unwrap();
    let (mut lines, mut ids) = (lines.lines(), ids.into_iter());
    let csv = dir.text("c.csv");
    let mut csv = csv.lines();
    assert_eq!(csv.next(), Some("row,rank,squared_distance,id"));
    for row in 0..300 {
        for (rank, (codes, distance)) in (1..).zip(expected.row(row)) {
            let distance = distance as f64 * unit;
            let line: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
            let id = format!("{}-{}", codes[0], codes[1]);
            assert_eq!(
                line,
                serde_json::json!({"row": row, "rank": rank, "squared_distance": distance, "id": id, "codes": codes})
            );
            assert_eq!(csv.next(), Some(format!("{row},{rank},{},{id}", line["squared_distance"]).as_str()));
            assert_eq!(ids.next(), Some(id));
        }
    }
    assert_eq!((lines.next(), csv.next(), ids.next()), (None, None, None));
}

#[test]
fn rows_that_are_left_out_have_no_candidates() {
    let dir = Dir::with_model();
    let mut values = values(300, 6);
    values[6 * 2 + 1] = f32::NAN;
    dir.npy_of("bad.npy", 6, &values);
    let encode = |flags: &str| {
        let flags = format!("encode --model m.safetensors --input bad.npy --bad-rows skip --candidates 2 {flags}");
        assert_eq!(dir.semid(&flags).code, Some(0), "{flags}");
    };
    encode("--output c.npy");
    let (codes, _) = read_codes(dir.path("c.npy")).unwrap();
    assert_eq!((codes.len(), &codes[8..12]), (1200, &[u32::MAX; 4][..]));
    encode("--output c.csv");
    let rows: Vec<String> = dir.text("c.csv").lines().skip(1).take(6).map(|line| line[..4].to_owned()).collect();
    assert_eq!(rows, ["0,1,", "0,2,", "1,1,", "1,2,", "3,1,", "3,2,"]);
}

#[test]
fn measures_are_those_of_the_beam() {
    let dir = Dir::with_model();
    let eval =
        |flags: &str| dir.semid(&format!("eval --model m.safetensors --input x.npy --k 0 --json {flags}")).json(0);
    let mse = |flags: &str| eval(flags)["mse"].as_f64().unwrap();
    assert!(mse("--beam 4") < mse(""));
    assert_eq!((mse("--beam 1"), &eval("--beam 4")["beam"]), (mse(""), &4.into()));
    let sweep = |flags: &str| {
        let args = "sweep --input x.npy --levels 2 --clusters 8 --k 0 --rank-by mse --json";
        dir.semid(&format!("{args} {flags}")).json(0)["ranking"][0]["value"].as_f64().unwrap()
    };
    assert_eq!(sweep("--output a.jsonl --beam 4"), mse("--beam 4"));
    dir.fails(
        "sweep --input x.npy --levels 2 --clusters 8 --k 0 --rank-by mse --output a.jsonl",
        &["line 1 has beam 4, not 1"],
    );
    let page = |flags: &str| {
        dir.semid(&format!("report --model m.safetensors --input x.npy --k 0 --output r.html {flags}")).ok();
        dir.read("r.html")
    };
    assert_ne!(page("--beam 4"), page(""));
}

#[test]
fn beams_that_make_no_sense_are_refused() {
    let dir = Dir::with_model();
    let fails = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("encode --model m.safetensors --input x.npy --output c.npy {flags}"), parts);
    };
    fails("--beam 0", &["`beam` = 0"]);
    fails("--candidates 0", &["`candidates` = 0"]);
    fails(
        "--beam 2 --candidates 17",
        &["`candidates` = 17", "must be 1 to 16, the codes that a beam of width 2 finds"],
    );
    dir.fails("eval --model m.safetensors --input x.npy --beam 0 --k 0", &["`beam` = 0"]);
    // No run is fitted before one that has no beams.
    let sweep = "sweep --input x.npy --levels 2 --clusters 8 --k 0 --output s.jsonl";
    dir.fails(&format!("{sweep} --kind rq-kmeans,pq --beam 4"), &["--beam 4", "is for --kind rq-kmeans"]);
    dir.fails(&format!("{sweep} --normalize-residuals --beam 4"), &["--beam 4", "--normalize-residuals"]);
    dir.fails(&format!("{sweep} --beam 1025"), &["beam", "1 to 1024"]);
}
