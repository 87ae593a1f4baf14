//! `--config`, and fits repeated from their model files alone.

use super::{Dir, values};
use serde_json::{Value, json};

/// The parameters that a model file gives back, in a file.
fn parameters(dir: &Dir, model: &str, file: &str) -> Value {
    let info = dir.semid(&format!("info --model {model} --json")).json(0);
    dir.write(file, info["parameters"].to_string());
    info["parameters"].clone()
}

#[test]
fn a_fit_of_every_kind_is_repeated_from_its_model_file() {
    let dir = Dir::with_model();
    dir.semid("fit --input x.npy --output other.safetensors --levels 2 --clusters 8 --seed 5").ok();
    let network = "--levels 2 --clusters 6 --hidden 7,6 --latent 4 --epochs 2 --batch 50 --lr 1e-3";
    for (flags, again) in [
        ("", ""),
        ("--levels 2 --clusters 9,4 --seed 18446744073709551615 --max-iter 3 --tol 0.01 --n-init 2 --init random", ""),
        ("--levels 2 --clusters 6 --metric cosine --normalize-residuals --sample 200 --no-center", ""),
        ("--levels 2 --clusters 6 --algorithm mini-batch --batch 40 --init-buffer 50 --max-iter 9 --joint", ""),
        ("--levels 2 --clusters 9,4 --algorithm hierarchical --full-iter 1 --init random", ""),
        ("--levels 2 --clusters 9 --init hierarchical", ""),
        ("--levels 2 --clusters 6 --balanced", ""),
        ("--levels 2 --clusters 6 --balanced --min-size 40", ""),
        ("--levels 2 --clusters 6 --balanced --max-size 70", ""),
        ("--levels 2 --clusters 6 --sinkhorn-epsilon 0.02 --sinkhorn-iterations 20", ""),
        ("--levels 2 --clusters 8 --seed 9 --align-to other.safetensors", "--align-to other.safetensors"),
        ("--warm-start m.safetensors --freeze-levels 1 --max-iter 7", "--warm-start m.safetensors"),
        (&format!("--kind rq-vae {network}"), ""),
        (
            &format!(
                "--kind rq-vae {network} --weight-decay 0.01 --schedule step --step-epochs 1 --gamma 0.25 --warmup 1 \
                 --clip 2.5 --beta 0.3 --quantization-weight 0.9 --loss l1 --reduction sum --dropout 0.1 --batch-norm \
                 --slope 0.01 --no-revive --ema 0.95 --rotation-trick --no-standardize --held-out 0.1 \
                 --keep collisions --matmul-bits 16 --sample 220 --seed 8 --max-iter 7 --sinkhorn-epsilon 0.01,0"
            ),
            "",
        ),
        (&format!("--kind rq-vae {network} --kmeans-init false --schedule cosine --keep last"), ""),
        (
            "--kind rq-kmeans-plus --warm-start m.safetensors --hidden 7 --epochs 2 --batch 50 --lr 1e-3",
            "--warm-start m.safetensors",
        ),
    ] {
        let flags = if flags.is_empty() { "--levels 2 --clusters 8" } else { flags };
        let first = dir.semid(&format!("fit --input x.npy --output a.safetensors --json {flags}")).json(0);
        let parameters = parameters(&dir, "a.safetensors", "fit.json");
        assert_eq!(parameters["version"], 1, "{flags}");
        let fit = format!("fit --input x.npy --config fit.json --output b.safetensors --json {again}");
        assert_eq!(dir.semid(&fit).json(0)["fingerprint"], first["fingerprint"], "{flags}");
        assert!(dir.read("a.safetensors") == dir.read("b.safetensors"), "{flags}");
        if !again.is_empty() {
            let name = again.split_whitespace().next().unwrap().trim_start_matches("--").replace('-', "_");
            let plain = "fit --input x.npy --config fit.json --output c.safetensors";
            dir.fails(plain, &[again.split_whitespace().next().unwrap()]);
            let wrong = again.replace("m.safetensors", "other.safetensors");
            let wrong = if wrong == again { again.replace("other.safetensors", "m.safetensors") } else { wrong };
            dir.fails(&format!("{plain} {wrong}"), &["fit.json", &name, "fingerprint"]);
        }
    }
}

#[test]
fn all_that_info_says_is_parameters_too() {
    let dir = Dir::with_model();
    let fit = |flags: &str| {
        let run = dir.semid(&format!("fit --input x.npy --output a.safetensors --json {flags}"));
        run.json(0)["fingerprint"].clone()
    };
    let expected = fit("--levels 2 --clusters 9,4 --seed 5 --max-iter 3");
    let mut info = dir.semid("info --model a.safetensors --json").json(0);
    dir.write("info.json", info.to_string());
    assert_eq!(fit("--config info.json"), expected);
    assert_ne!(fit("--config info.json --seed 6"), expected);
    // A model of a version that kept no parameters, and something that is no model.
    info["parameters"] = Value::Null;
    dir.write("old.json", info.to_string());
    let fails = "fit --input x.npy --output o.safetensors --config";
    dir.fails(&format!("{fails} old.json"), &["old.json", "keeps no parameters"]);
    dir.write("other.json", r#"{"parameters": {"levels": 2}}"#);
    dir.fails(&format!("{fails} other.json"), &["other.json", "unknown key `parameters`"]);
    dir.write("typed.json", r#"{"levels": 2, "seed": -1}"#);
    dir.fails(&format!("{fails} typed.json"), &["typed.json: seed: it is `-1`; give a whole number from 0 on"]);
}

#[test]
fn toml_and_json_say_the_same_and_flags_win() {
    let dir = Dir::with_model();
    dir.write("fit.toml", "clusters = [9, 4]\nseed = 7\nmax_iter = 4\n[algorithm.mini-batch]\nbatch = 40\n");
    dir.write(
        "fit.json",
        r#"{"clusters": [9, 4], "seed": 7, "max_iter": 4, "algorithm": {"mini-batch": {"batch": 40}}}"#,
    );
    let fit = |flags: &str| {
        let run = dir.semid(&format!("fit --input x.npy --output o.safetensors --json {flags}"));
        run.json(0)["fingerprint"].clone()
    };
    let flags = "--clusters 9,4 --max-iter 4 --algorithm mini-batch";
    let expected = fit(&format!("{flags} --seed 7 --batch 40"));
    assert_eq!([fit("--config fit.toml"), fit("--config fit.json")], [expected.clone(), expected]);
    assert_eq!(fit("--config fit.toml --seed 8 --batch 50"), fit(&format!("{flags} --seed 8 --batch 50")));
    assert_eq!(fit("--config fit.toml --algorithm lloyd"), fit("--clusters 9,4 --max-iter 4 --seed 7"));
    dir.write("deep.toml", "clusters = [9, 4]\n[algorithm.hierarchical]\nfull_iter = 1\n");
    let deep = "--clusters 9,4 --algorithm hierarchical";
    assert_eq!(fit("--config deep.toml"), fit(&format!("{deep} --full-iter 1")));
    assert_eq!(fit("--config deep.toml --full-iter 0"), fit(&format!("{deep} --full-iter 0")));
    let shorter = "--clusters 5 --levels 1 --seed 7 --max-iter 4 --algorithm mini-batch --batch 40";
    assert_eq!(fit("--config fit.toml --clusters 5 --levels 1"), fit(shorter));
    dir.write("balanced.toml", "levels = 2\nclusters = 6\n[sizes]\nmin = 30\n");
    let expected = fit("--levels 2 --clusters 6 --balanced --min-size 30 --max-size 80");
    assert_eq!(fit("--config balanced.toml --max-size 80"), expected);
    dir.write(
        "vae.toml",
        "kind = \"rq-vae\"\nlevels = 2\nclusters = 6\nhidden = [7]\nepochs = 2\nbatch = 50\nlatent = 4\n",
    );
    let expected = fit("--kind rq-vae --levels 2 --clusters 6 --hidden 7 --epochs 1 --batch 50 --latent 4");
    assert_eq!(fit("--config vae.toml --epochs 1"), expected);
}

#[test]
fn files_that_are_no_parameters_are_refused_with_what_is_wrong() {
    let dir = Dir::with_model();
    for (name, text, parts) in [
        ("c.json", r#"{"cluster": 8}"#, &["unknown key `cluster`", "did you mean `clusters`?"][..]),
        ("c.toml", "max_iters = 8", &["unknown key `max_iters`", "`max_iter`"]),
        ("c.json", r#"{"algorithm": {"mini-batch": {"bach": 8}}}"#, &["algorithm", "unknown key `bach`", "`batch`"]),
        ("c.json", r#"{"init": "kmeans++"}"#, &["init", "unknown value `kmeans++`", "`k-means++`"]),
        ("c.json", r#"{"kind": "rq-var"}"#, &["unknown kind `rq-var`", "rq-vae"]),
        ("c.json", r#"{"kind": "rq-vae", "epoch": 8}"#, &["unknown key `epoch`", "`epochs`"]),
        ("c.json", r#"{"epochs": 8}"#, &["unknown key `epochs`"]),
        ("c.json", r#"{"max_iter": "many"}"#, &["max_iter", "the text \"many\""]),
        ("c.json", r#"{"tol": -1}"#, &["`tol` = -1"]),
        ("c.toml", "tol = nan", &["tol", "finite"]),
        ("c.toml", "[algorithm.mini-batch]\nbatch = inf", &["algorithm", "finite"]),
        ("c.json", r#"{"clusters": -8}"#, &["clusters", "`-8`", "a number of clusters"]),
        ("c.json", r#"{"clusters": [8, -8]}"#, &["clusters", "`-8`"]),
        ("c.json", r#"{"levels": 2, "levels": 3}"#, &["`levels` stands twice", "line 1"]),
        ("c.json", r#"{"algorithm": {"mini-batch": {"batch": 8, "batch": 9}}}"#, &["`batch` stands twice"]),
        ("c.toml", "levels = 2\nlevels = 3", &["line 2"]),
        ("c.json", r#"{"version": 2}"#, &["version 2"]),
        ("c.json", r#"{"sizes": {}, "algorithm": "mini-batch"}"#, &["need all rows"]),
        ("c.json", r#"{"algorithm": {"mini-batch": {"batch": 40}, "a": 1}}"#, &["algorithm", "one key `mini-batch`"]),
        ("c.json", r#"{"algorithm": {"mini-batch": 3}}"#, &["algorithm", "one key `mini-batch`"]),
        ("c.json", r#"{"algorithm": {"hierarchical": [1]}}"#, &["algorithm", "one key `hierarchical`"]),
        ("c.json", r#"{"kind": "rq-vae", "schedule": {"step": {}, "a": 1}}"#, &["schedule", "one key `step`"]),
        ("c.json", r#"{"sizes": []}"#, &["sizes: give an object"]),
        ("c.json", r#"{"sinkhorn": [0.02, 20]}"#, &["sinkhorn: give an object"]),
        ("c.json", "[1]", &["no object", r#"such as {"levels": 3}"#]),
        ("c.json", "", &["the file is empty", r#"such as {"levels": 3}"#]),
        ("c.json", "{\n\"levels\":", &["line 2", "ends inside of its JSON"]),
        ("c.json", "{", &["line 1"]),
        ("c.toml", "levels = ", &["line 1"]),
        ("c.yaml", "levels: 3", &[".json or a .toml"]),
        ("c.json", r#"{"align_to": "abc"}"#, &["align_to", "--align-to"]),
        ("c.json", r#"{"kind": "rq-kmeans-plus"}"#, &["--warm-start"]),
    ] {
        dir.write(name, text);
        let run = dir.semid(&format!("fit --input x.npy --output o.safetensors --config {name}"));
        let found = parts.iter().all(|part| run.stderr.contains(part));
        assert!(run.code == Some(2) && found, "{text}: {}", run.stderr);
        assert!(text.contains("warm") || text.contains("plus") || run.stderr.contains(name), "{text}: {}", run.stderr);
        assert!(!dir.path("o.safetensors").exists(), "{text}");
    }
    dir.fails("fit --input x.npy --output o.safetensors --config gone.json", &["gone.json"]);
    // A flag that is wrong is not the file's fault.
    dir.write("c.json", r#"{"levels": 2, "clusters": 8}"#);
    let run = dir.semid("fit --input x.npy --output o.safetensors --config c.json --n-init 0");
    assert!(run.code == Some(2) && run.stderr.contains("`n_init` = 0"), "{}", run.stderr);
    assert!(!run.stderr.contains("c.json"), "{}", run.stderr);
}

#[test]
fn provenance_is_in_the_file_and_not_in_the_fingerprint() {
    let dir = Dir::with_model();
    std::fs::create_dir(dir.path("folder")).unwrap();
    std::fs::copy(dir.path("x.npy"), dir.path("folder/items.npy")).unwrap();
    let fit = "fit --input folder/items.npy --levels 2 --clusters 8 --output p.safetensors --json";
    let plain = dir.semid(fit).json(0)["fingerprint"].clone();
    assert_eq!(dir.semid("info --model p.safetensors --json").json(0)["provenance"], Value::Null);
    let without = dir.read("p.safetensors");
    assert_eq!(dir.semid(&format!("{fit} --provenance")).json(0)["fingerprint"], plain);
    let info = dir.semid("info --model p.safetensors --json").json(0);
    let input = &info["provenance"]["inputs"][0];
    use sha2::{Digest, Sha256};
    let sha256: String = Sha256::digest(dir.read("x.npy")).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(*input, json!({"name": "items.npy", "sha256": sha256, "rows": 300, "dim": 6}));
    assert_eq!(info["provenance"]["semid"], env!("CARGO_PKG_VERSION"));
    let text = dir.semid("info --model p.safetensors").ok();
    assert!(text.contains("items.npy") && text.contains(&sha256) && !text.contains("folder/"), "{text}");
    let file = String::from_utf8_lossy(&dir.read("p.safetensors")).into_owned();
    assert!(!file.contains("folder") && dir.read("p.safetensors") != without);
    // The record does not change what is encoded, and is covered by the checksum.
    let mut bytes = dir.read("p.safetensors");
    let at = bytes.windows(9).position(|part| part == b"items.npy").unwrap();
    bytes[at] = b'a';
    dir.write("d.safetensors", bytes);
    dir.fails("info --model d.safetensors", &["d.safetensors", "checksum"]);
}

#[test]
fn provenance_names_all_files_of_a_fit() {
    use sha2::{Digest, Sha256};
    let dir = Dir::with_model();
    dir.write("keys.txt", (0..300).map(|row| format!("i{row}\n")).collect::<String>());
    dir.write("pairs.csv", "a,b\ni1,i2\n");
    dir.write("w.txt", (0..300).map(|row| format!("{}\n", row % 3)).collect::<String>());
    dir.write("kinds.txt", (0..300).map(|row| format!("kind {}\n", row % 4)).collect::<String>());
    let fit = "fit --input x.npy --levels 1 --clusters 8 --output p.safetensors --provenance";
    for (flags, expected) in [
        (
            "--pairs pairs.csv --items keys.txt --weights w.txt",
            &["weights w.txt", "pairs pairs.csv", "item keys keys.txt"][..],
        ),
        ("--prefix-labels kinds.txt", &["labels kinds.txt"]),
        ("", &[]),
    ] {
        dir.semid(&format!("{fit} {flags}")).ok();
        let info = dir.semid("info --model p.safetensors --json").json(0);
        let files = info["provenance"]["files"].as_array().cloned().unwrap_or_default();
        let mut named = Vec::new();
        for file in &files {
            let name = file["name"].as_str().unwrap();
            let hash: String = Sha256::digest(dir.read(name)).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(file["sha256"], hash.as_str());
            named.push(format!("{} {name}", file["what"].as_str().unwrap()));
        }
        assert_eq!(named, expected, "{flags}");
        let text = dir.semid("info --model p.safetensors").ok();
        assert!(files.iter().all(|file| text.contains(file["sha256"].as_str().unwrap())), "{text}");
    }
}

#[test]
fn provenance_of_what_is_read_once_is_refused_before_the_fit() {
    use std::io::Write;
    use std::process::Stdio;
    let dir = Dir::with_model();
    // Far more iterations than any test waits for.
    let fit = "fit --input - --levels 3 --clusters 100 --n-init 1000000 --output p.safetensors --provenance";
    let mut child = dir.command(fit).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&dir.read("x.npy")).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("-: --provenance") && stderr.contains("only once; save it as a file"), "{stderr}");
    assert!(!dir.path("p.safetensors").exists());
}

#[test]
fn a_grid_comes_from_a_file_too() {
    let dir = Dir::with_model();
    dir.write(
        "sweep.toml",
        "levels = [1, 2]\nclusters = [4, [8, 6]]\nseeds = [42, 7]\n[[kinds]]\nkind = \"rq-kmeans\"\nmax_iter = 5\n\
         [evaluation]\nk = 5\npairs = 100\n",
    );
    dir.semid("sweep --input x.npy --config sweep.toml --output a.jsonl").ok();
    let flags = "--levels 1,2 --clusters 4,8-6 --seeds 42,7 --max-iter 5 --k 5 --pairs 100";
    dir.semid(&format!("sweep --input x.npy {flags} --output b.jsonl")).ok();
    assert_eq!(super::sweep::timeless(&dir, "a.jsonl"), super::sweep::timeless(&dir, "b.jsonl"));
    // Flags win; the same file goes on with them.
    dir.semid("sweep --input x.npy --config sweep.toml --seeds 42 --max-iter 6 --k 0 --output c.jsonl").ok();
    let flags = "--levels 1,2 --clusters 4,8-6 --max-iter 6 --k 0 --pairs 100".replace(" --pairs 100", "");
    dir.write("d.toml", "[evaluation]\npairs = 100\n");
    dir.semid(&format!("sweep --input x.npy --config d.toml {flags} --output d.jsonl")).ok();
    assert_eq!(super::sweep::timeless(&dir, "c.jsonl"), super::sweep::timeless(&dir, "d.jsonl"));
    for (text, parts) in [
        ("level = [1]", &["unknown key `level`", "`levels`"][..]),
        ("[[kinds]]\nkind = \"rq-kmeans\"\nmax_iters = 3", &["unknown key `max_iters`", "`max_iter`"]),
        ("[[kinds]]\nepochs = 3", &["kind"]),
        ("[evaluation]\nqueries = 3", &["evaluation", "unknown key `queries`"]),
    ] {
        dir.write("bad.toml", text);
        let run = dir.semid("sweep --input x.npy --output e.jsonl --config bad.toml");
        let found = parts.iter().all(|part| run.stderr.contains(part)) && run.stderr.contains("bad.toml");
        assert!(run.code == Some(2) && found && !dir.path("e.jsonl").exists(), "{text}: {}", run.stderr);
    }
}

/// Rows of which each file has two embeddings, or more columns than those of the fit.
fn two_embeddings() -> Dir {
    let dir = Dir::new();
    let all = values(200, 8);
    let rows = || all.chunks_exact(8);
    let list = |values: &[f32]| json!(values).to_string();
    let line = |row: &[f32]| format!("{{\"embedding\":{},\"text\":{}}}\n", list(&row[..4]), list(&row[4..]));
    dir.write("x.jsonl", rows().map(line).collect::<String>());
    let numbers = |row: &[f32]| row.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
    let csv: String = rows().map(|row| format!("{}\n", numbers(row))).collect();
    dir.write("x.csv", format!("f0,f1,f2,f3,g0,g1,g2,g3\n{csv}"));
    let bytes = |part: std::ops::Range<usize>| -> Vec<u8> {
        rows().flat_map(|row| row[part.clone()].to_vec()).flat_map(f32::to_le_bytes).collect()
    };
    let size = 200 * 4 * 4;
    let tensor = |at: usize| json!({ "dtype": "F32", "shape": [200, 4], "data_offsets": [at * size, (at + 1) * size] });
    let header = json!({ "a": tensor(0), "b": tensor(1) }).to_string();
    let length = (header.len() as u64).to_le_bytes();
    dir.write("x.safetensors", [&length[..], header.as_bytes(), &bytes(0..4), &bytes(4..8)].concat());
    dir
}

/// Which column or array was read is a parameter of the fit, and commands that take the model read the same one.
#[test]
fn the_columns_of_a_fit_are_repeated_and_read_again() {
    let dir = two_embeddings();
    let fit = "fit --levels 2 --clusters 8 --json";
    for (input, flags, recorded) in [
        ("x.jsonl", "--column text", json!({ "column": ["text"] })),
        ("x.csv", "--columns g", json!({ "columns": "g" })),
        ("x.safetensors", "--tensor b", json!({ "tensor": ["b"] })),
        ("x.safetensors", "--tensor b --tensor a", json!({ "tensor": ["b", "a"] })),
        ("x.jsonl", "--column text --column embedding", json!({ "column": ["text", "embedding"] })),
    ] {
        let first = dir.semid(&format!("{fit} --input {input} --output a.safetensors {flags}")).json(0);
        let parameters = parameters(&dir, "a.safetensors", "fit.json");
        for name in ["column", "columns", "tensor"] {
            assert_eq!(parameters.get(name), recorded.get(name), "{name} of {flags}");
        }
        let again = format!("fit --input {input} --config fit.json --output b.safetensors --json");
        assert_eq!(dir.semid(&again).json(0)["fingerprint"], first["fingerprint"], "{flags}");
        assert!(dir.read("a.safetensors") == dir.read("b.safetensors"), "{flags}");
        let encode = format!("encode --model a.safetensors --input {input}");
        dir.semid(&format!("{encode} --output own.npy {flags}")).ok();
        dir.semid(&format!("{encode} --output default.npy")).ok();
        assert!(dir.read("own.npy") == dir.read("default.npy"), "{flags}");
        for command in ["eval --k 0", "verify --device cpu", "assign --db ids.db --row-numbers --output ids.csv"] {
            dir.semid(&format!("{command} --model a.safetensors --input {input} --json")).json(0);
        }
        std::fs::remove_file(dir.path("ids.db")).unwrap();
    }
    // Flags win, and a file without the column is read by default.
    let of_text = dir.semid(&format!("{fit} --input x.jsonl --output a.safetensors --column text")).json(0);
    parameters(&dir, "a.safetensors", "fit.json");
    let other = "fit --input x.jsonl --config fit.json --output b.safetensors --json --column embedding";
    assert_ne!(dir.semid(other).json(0)["fingerprint"], of_text["fingerprint"]);
    dir.semid("encode --model b.safetensors --input x.jsonl --output embedding.npy").ok();
    dir.write("plain.jsonl", dir.text("x.jsonl").replace("text", "words"));
    dir.semid("encode --model a.safetensors --input plain.jsonl --output c.npy").ok();
    dir.semid("encode --model a.safetensors --input x.jsonl --column embedding --output d.npy").ok();
    assert!(dir.read("c.npy") == dir.read("d.npy"));
    // Bad rows of the column are told, and not passed over in favour of another one.
    dir.write("bad.jsonl", dir.text("x.jsonl").replacen("\"text\":[", "\"text\":[null,", 1));
    dir.fails("encode --model a.safetensors --input bad.jsonl --output e.npy", &["bad.jsonl"]);
    // Nor are they left out because the fit left some out.
    let skipping = dir.semid(&format!("{fit} --input bad.jsonl --column text --bad-rows skip --output s.safetensors"));
    assert!(skipping.code == Some(0) && skipping.stderr.contains("left out"), "{}", skipping.stderr);
    dir.fails("encode --model s.safetensors --input bad.jsonl --output f.npy", &["bad.jsonl"]);
    let csv = "fit --input x.csv --config fit.json --output b.safetensors";
    dir.fails(csv, &["x.csv", "fit.json has the parameter column", ".parquet, .jsonl", "drop the key"]);
    let flag = "fit --input x.jsonl --config fit.json --output b.safetensors --integers";
    dir.fails(flag, &["x.jsonl", "--integers is for .npy, .npz; leave it out"]);
}
