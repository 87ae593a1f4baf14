//! Rows with several embeddings.

use super::{Dir, Run, values};
use semid::io::{ReadOptions, open};
use semid::{Model, Rows};
use serde_json::Value;

/// Rows that lack the image, and how many of 200 they are.
fn lacks(row: usize) -> bool {
    row * 7 % 11 == 3
}

/// A folder with items of a text of 3 and an image of 2 dimensions, as one file and in two parts.
fn folder() -> Dir {
    let dir = Dir::new();
    let (text, image) = (values(200, 3), values(200, 2));
    let line = |row: usize| {
        let text = format!("{:?}", &text[row * 3..][..3]);
        let image: Vec<f32> = image[row * 2..][..2].iter().map(|x| x / 1000.0 + 5.0).collect();
        let image = match (lacks(row), row % 2) {
            (true, 0) => "null".to_owned(),
            (true, _) => "[]".to_owned(),
            (false, _) => format!("{image:?}"),
        };
        format!("{{\"item\":\"i{row}\",\"text\":{text},\"image\":{image}}}\n")
    };
    dir.write("x.jsonl", (0..200).map(line).collect::<String>());
    dir.write("p-0.jsonl", (0..90).map(line).collect::<String>());
    dir.write("p-1.jsonl", (90..200).map(line).collect::<String>());
    dir
}

/// Runs `semid`, which may say that rows lack a block, and nothing else.
fn run(dir: &Dir, args: &str) -> Run {
    let mut run = dir.semid(args);
    let lines: Vec<&str> = run.stderr.lines().filter(|line| !line.contains("lack the block \"image\"")).collect();
    run.stderr = lines.join("\n");
    run
}

fn fit(dir: &Dir, flags: &str) -> Value {
    let fit = "fit --levels 2 --clusters 8 --output m.safetensors --json";
    run(dir, &format!("{fit} {flags}")).json(0)
}

const COLUMNS: &str = "--column text --column image";

#[test]
fn a_model_remembers_the_embeddings_of_its_rows() {
    let dir = folder();
    let weighed = format!("{COLUMNS} --column-weight 1,0.5");
    let fitted = fit(&dir, &format!("--input x.jsonl {weighed}"));
    let lacking = (0..200).filter(|row| lacks(*row)).count();
    assert_eq!((&fitted["rows"], &fitted["dim"]), (&200.into(), &5.into()));
    let blocks = fitted["blocks"].as_array().unwrap();
    assert_eq!((&blocks[0]["name"], &blocks[0]["imputed"]), (&"text".into(), &0.into()));
    assert_eq!((&blocks[1]["dim"], &blocks[1]["weight"]), (&2.into(), &0.5.into()));
    assert_eq!(blocks[1]["imputed"], lacking);
    assert!(fitted["warnings"][0].as_str().unwrap().contains(&format!("{lacking} rows lack the block \"image\"")));
    let model = Model::load(dir.path("m.safetensors")).unwrap();
    let kept: Vec<(&str, f64)> = model.blocks().unwrap().iter().map(|block| (block.name(), block.scale())).collect();
    assert_eq!(kept, [("text", blocks[0]["scale"].as_f64().unwrap()), ("image", blocks[1]["scale"].as_f64().unwrap())]);
    // The same rows in parts, in memory that is too small, on another device, and from the parameters of the model.
    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!(info["blocks"][1]["name"], "image");
    dir.write("fit.json", info["parameters"].to_string());
    let text = dir.semid("info --model m.safetensors").ok();
    assert!(text.contains("image: 2 dimensions of weight 0.5"), "{text}");
    for flags in [
        format!("--input p-0.jsonl p-1.jsonl {weighed}"),
        format!("--input x.jsonl {weighed} --memory 66MiB"),
        format!("--input x.jsonl {weighed} --device reference"),
        "--input x.jsonl --config fit.json".to_owned(),
        format!("--input x.jsonl --config fit.json {COLUMNS}"),
    ] {
        assert_eq!(fit(&dir, &flags)["fingerprint"], fitted["fingerprint"], "{flags}");
    }
    dir.fails(
        "fit --levels 2 --clusters 8 --output n.safetensors --input x.jsonl --config fit.json --column text",
        &["fit.json", "column_weight has 2 numbers", "1 column", "--column-weight"],
    );
    // Weights that are all doubled double the squared distances, and nothing else.
    assert_ne!(fit(&dir, &format!("--input x.jsonl {COLUMNS}"))["fingerprint"], fitted["fingerprint"]);
}

#[test]
fn commands_scale_rows_as_the_model_says() {
    let dir = folder();
    fit(&dir, &format!("--input x.jsonl {COLUMNS}"));
    let encoded = run(&dir, "encode --model m.safetensors --input x.jsonl --output codes.npy --json").json(0);
    let lacking = (0..200).filter(|row| lacks(*row)).count();
    assert_eq!(encoded["blocks"][1]["imputed"], lacking);
    // What decodes is near the embeddings in their own units.
    run(&dir, "decode --model m.safetensors --input codes.npy --output decoded.npy").ok();
    let rows = open(dir.path("decoded.npy"), &ReadOptions::default()).unwrap();
    let mut decoded = vec![0.0; rows.len() * rows.dim()];
    rows.read(0, &mut decoded).unwrap();
    assert!(decoded.chunks_exact(5).all(|row| row[3..].iter().all(|x| (x - 5.0).abs() < 1.0)), "{decoded:?}");
    let text = values(200, 3);
    let error = |row: usize| (0..3).map(|d| (decoded[row * 5 + d] - text[row * 3 + d]).powi(2)).sum::<f32>();
    let spread = |row: usize| (0..3).map(|d| (text[row * 3 + d] - text[d]).powi(2)).sum::<f32>();
    assert!((0..200).map(error).sum::<f32>() < 0.5 * (0..200).map(spread).sum::<f32>());
    let evaluated = run(&dir, "eval --model m.safetensors --input x.jsonl --k 0 --json").json(0);
    assert_eq!((&evaluated["dim"], &evaluated["blocks"][1]["imputed"]), (&5.into(), &lacking.into()));
    run(&dir, "verify --model m.safetensors --input x.jsonl --device cpu").ok();
    run(&dir, "drift --model m.safetensors --input x.jsonl --baseline p-0.jsonl p-1.jsonl").ok();
    let assign = "assign --db ids.db --input x.jsonl --id-column item --json";
    let assigned = run(&dir, &format!("{assign} --model m.safetensors --output ids.csv")).json(0);
    assert_eq!((&assigned["new"], &assigned["blocks"][1]["imputed"]), (&200.into(), &lacking.into()));
    // The database has the model with its blocks.
    assert_eq!(run(&dir, assign).json(0)["kept"], 200);
    // The model's own names say which is which, in any order, also for weights.
    run(&dir, "encode --model m.safetensors --input x.jsonl --output turned.npy --column image --column text").ok();
    assert_eq!(dir.read("turned.npy"), dir.read("codes.npy"));
    fit(&dir, &format!("--input x.jsonl {COLUMNS} --column-weight 1,0.5"));
    let turned = "--column image --column text --column-weight 0.5,1";
    run(&dir, &format!("fit --input p-0.jsonl --warm-start m.safetensors {turned} --output n.safetensors")).ok();
    fit(&dir, &format!("--input x.jsonl {COLUMNS}"));
    // Columns of other names, each by its place.
    dir.write("y.jsonl", dir.text("x.jsonl").replace("\"text\"", "\"words\"").replace("\"image\"", "\"picture\""));
    let renamed = "encode --model m.safetensors --input y.jsonl --output other.npy --column words --column picture";
    run(&dir, renamed).ok();
    assert_eq!(std::fs::read(dir.path("other.npy")).unwrap(), std::fs::read(dir.path("codes.npy")).unwrap());
    // A refresh keeps the scales, whatever its rows are.
    run(&dir, "fit --input p-0.jsonl --warm-start m.safetensors --freeze-levels 1 --output n.safetensors").ok();
    let [old, new] = ["m", "n"].map(|name| Model::load(dir.path(&format!("{name}.safetensors"))).unwrap());
    assert_eq!(old.blocks(), new.blocks());
    run(&dir, "eval --model n.safetensors --input x.jsonl --k 0 --against m.safetensors").ok();
    run(&dir, "fit --input p-0.jsonl --align-to m.safetensors --levels 2 --clusters 8 --output o.safetensors").ok();
    assert_eq!(Model::load(dir.path("o.safetensors")).unwrap().blocks(), old.blocks());
}

#[test]
fn other_embeddings_are_refused() {
    let dir = folder();
    fit(&dir, &format!("--input x.jsonl {COLUMNS}"));
    dir.npy("x.npy", 50, 5);
    dir.semid("fit --input x.npy --output plain.safetensors --levels 1 --clusters 4").ok();
    let encode = "encode --output c.npy";
    let model = format!("{encode} --model m.safetensors --input x.jsonl");
    dir.fails(&format!("{model} --column text"), &["2 embeddings per row", "text, image"]);
    dir.write("y.jsonl", dir.text("x.jsonl").replace("\"text\"", "\"words\"").replace("\"image\"", "\"picture\""));
    let renamed = format!("{encode} --model m.safetensors --input y.jsonl --column picture --column words");
    dir.fails(&renamed, &["block \"text\" has 3 dimensions", "here has 2"]);
    dir.fails(&format!("{model} --column-weight 1,1"), &["--column-weight"]);
    dir.fails(&format!("{encode} --model m.safetensors --input x.npy"), &["x.npy", "one embedding"]);
    dir.fails(&format!("{encode} --model plain.safetensors --input x.jsonl {COLUMNS}"), &["one embedding per row"]);
    let fit = "fit --levels 1 --clusters 4 --output n.safetensors --input x.jsonl";
    dir.fails(&format!("{fit} --column text --column-weight 2"), &["--column-weight"]);
    dir.fails(&format!("{fit} {COLUMNS} --column-weight 2"), &["1 number for 2 embeddings"]);
    dir.fails(&format!("{fit} {COLUMNS} --column-weight 1,0"), &["above 0"]);
    dir.fails(&format!("{fit} --column text --column nothing"), &["x.jsonl"]);
    let warm = "fit --input x.jsonl --output n.safetensors --warm-start m.safetensors --column-weight 1,2";
    dir.fails(warm, &["--column-weight differs"]);
    // A row without any embedding is bad; a row without one of them is not.
    dir.write("bad.jsonl", format!("{}{{\"text\":null,\"image\":[]}}\n", dir.text("x.jsonl")));
    dir.fails(&format!("{encode} --model m.safetensors --input bad.jsonl"), &["1 of 201 rows is bad", "row 200"]);
    let skipped = format!("{encode} --model m.safetensors --input bad.jsonl --bad-rows skip --json");
    let skipped: Value = serde_json::from_str(&dir.semid(&skipped).stdout).unwrap();
    assert_eq!(skipped["bad_rows"], 1);
    dir.write("long.jsonl", format!("{}{{\"text\":[1,2,3],\"image\":[1]}}\n", dir.text("x.jsonl")));
    dir.fails(&format!("{encode} --model m.safetensors --input long.jsonl"), &["row 200 has 1 value, not 2"]);
}
