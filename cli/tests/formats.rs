//! Files in and out.

use super::{Dir, values};
use semid::Model;
use semid::io::read_strings;

const PACKAGES: &[u8] = include_bytes!("../data/top-packages.parquet");

#[test]
fn ids_have_the_form_asked_for() {
    let dir = Dir::with_model();
    let encode = |flags: &str| dir.semid(&format!("encode --model m.safetensors --input x.npy {flags}")).ok();
    encode("--output ids.csv");
    let plain = dir.text("ids.csv");
    let first = plain.lines().nth(1).unwrap().strip_prefix("0,").unwrap().to_owned();
    let (a, b) = first.split_once('-').unwrap();
    assert_eq!((plain.lines().next(), plain.lines().count()), (Some("row,id"), 301));

    encode("--output ids.csv --separator /");
    assert_eq!(dir.text("ids.csv").lines().nth(1), Some(format!("0,{a}/{b}").as_str()));
    encode("--output ids.jsonl --format token");
    let line: serde_json::Value = serde_json::from_str(dir.text("ids.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(line["id"], format!("<a_{a}><b_{b}>"));
    assert_eq!(line["codes"].as_array().map(Vec::len), Some(2));
    encode("--output ids.parquet");
    assert_eq!(read_strings(dir.path("ids.parquet"), "id").unwrap()[0], first);
}

#[test]
fn items_keep_their_keys() {
    let dir = Dir::new();
    dir.write("p.parquet", PACKAGES);
    dir.semid("fit --input p.parquet --output m.safetensors --levels 2 --clusters 8 --sample 300 --max-iter 3").ok();
    dir.semid("encode --model m.safetensors --input p.parquet --id-column name --output ids.csv").ok();
    assert!(dir.text("ids.csv").starts_with("name,id\nboto3,"));
    dir.semid("encode --model m.safetensors --input p.parquet --column embedding --id-column name --output i.parquet")
        .ok();
    assert_eq!(
        read_strings(dir.path("i.parquet"), "name").unwrap(),
        read_strings(dir.path("p.parquet"), "name").unwrap()
    );
    let assign = "assign --model m.safetensors --db ids.db --input p.parquet --column embedding";
    dir.semid(&format!("{assign} --id-column name --output a.csv")).ok();
    assert!(dir.text("a.csv").starts_with("name,id\nboto3,"));
    dir.semid("export --db ids.db --output e.parquet --id-column name").ok();
    assert_eq!(read_strings(dir.path("e.parquet"), "name").unwrap().len(), dir.text("a.csv").lines().count() - 1);

    let encode = "encode --model m.safetensors --input p.parquet";
    dir.fails(&format!("{encode} --output c.npy --id-column name"), &["c.npy", "no item keys"]);
    dir.fails(&format!("{encode} --output c.csv --id-column title"), &["p.parquet", "\"title\"", "\"name\""]);
    dir.fails(&format!("{encode} --output c.csv --column name"), &["p.parquet", "\"name\"", "\"embedding\""]);
    dir.fails(&format!("{encode} --output p.parquet"), &["p.parquet", "is also the input"]);
}

#[test]
fn the_same_rows_in_any_format_give_the_same_model() {
    let dir = Dir::new();
    let values = values(200, 5);
    dir.npy_of("x.npy", 5, &values);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let fvecs = bytes.chunks_exact(20).flat_map(|row| [&5_i32.to_le_bytes(), row].concat());
    dir.write("x.fvecs", fvecs.collect::<Vec<u8>>());
    let header = [
        r#"{"a":{"dtype":"F32","shape":[200,5],"data_offsets":[0,4000]},"#,
        r#""b":{"dtype":"F32","shape":[1,5],"data_offsets":[4000,4020]}}"#,
    ]
    .concat();
    let safetensors = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes, &bytes[..20]].concat();
    dir.write("x.safetensors", safetensors);
    let fit = |input: &str| {
        dir.semid(&format!("fit --output m.safetensors --levels 2 --clusters 9 --input {input}")).ok();
        dir.read("m.safetensors")
    };
    let fingerprint = || Model::load(dir.path("m.safetensors")).unwrap().fingerprint();
    let (expected, known) = (fit("x.npy"), fingerprint());
    assert!(fit("x.fvecs") == expected);
    // The name of the tensor is in the file.
    assert!(fit("x.safetensors --tensor a") != expected);
    assert_eq!(fingerprint(), known);
    dir.fails("fit --output n.safetensors --input x.safetensors", &["x.safetensors", "\"a\"", "\"b\""]);
}

#[test]
fn item_keys_may_come_from_a_file() {
    let dir = Dir::with_items();
    let encode = "encode --model m.safetensors --input x.npy --items items.txt --output";
    dir.semid(&format!("{encode} ids.csv")).ok();
    let keys: Vec<String> = dir.text("items.txt").lines().map(str::to_owned).collect();
    let text = dir.text("ids.csv");
    assert_eq!(text.lines().next(), Some("item,id"));
    assert!(text.lines().skip(1).map(|line| line.split_once(',').unwrap().0).eq(keys));
    dir.fails(&format!("{encode} ids.npy"), &["ids.npy", "no item keys"]);
    dir.semid(&format!("{encode} best.jsonl --candidates 2")).ok();
    assert!(dir.text("best.jsonl").starts_with("{\"item\":\"item 0\""), "{}", dir.text("best.jsonl"));
}
