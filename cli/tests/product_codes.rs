//! Product codes: `--kind pq` and `--kind rq+pq`, through every command that takes a model.

use super::{Dir, values};
use semid::io::read_codes;
use semid::{Codes, Device, Matrix, Model, PqKMeans};

/// A folder with embeddings `x.npy`, 300 x 6, and models of 3 levels of 8: `pq.safetensors` has slices of 2 dimensions,
/// `tail.safetensors` a residual level before slices of 3.
fn folder() -> Dir {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    dir.items("items.txt", 0..300);
    dir.semid("fit --input x.npy --kind pq --levels 3 --clusters 8 --output pq.safetensors").ok();
    dir.semid("fit --input x.npy --kind rq+pq --levels 3 --clusters 8 --output tail.safetensors").ok();
    dir
}

#[test]
fn the_tool_fits_encodes_and_decodes_as_the_library_does() {
    let dir = folder();
    let (rows, device) = (values(300, 6), Device::cpu());
    let rows = Matrix::new(&rows, 6).unwrap();
    for (name, params) in [("pq", PqKMeans::new(3, 8)), ("tail", PqKMeans::new(3, 8).residual_levels(1))] {
        let model = params.fit(&rows, &device).unwrap();
        let file = Model::load(dir.path(&format!("{name}.safetensors"))).unwrap();
        assert_eq!(file.fingerprint(), model.fingerprint());
        let args = format!("encode --model {name}.safetensors --input x.npy --output c.npy --json");
        assert_eq!(dir.semid(&args).json(0)["rows"], 300);
        let (codes, levels) = read_codes(dir.path("c.npy")).unwrap();
        let codes = Codes::new(codes, levels).unwrap();
        assert_eq!(codes, model.encode(&rows, &device).unwrap());
        dir.semid(&format!("decode --model {name}.safetensors --input c.npy --output d.npy")).ok();
        let mut decoded = vec![0.0; 300 * 6];
        let file = semid::io::open(dir.path("d.npy"), &Default::default()).unwrap();
        semid::Rows::read(&file, 0, &mut decoded).unwrap();
        assert_eq!(decoded, model.decode(&codes).unwrap());
    }
}

#[test]
fn info_tells_the_slices_and_gives_the_fit_back() {
    let dir = folder();
    let info = dir.semid("info --model tail.safetensors --json").json(0);
    assert_eq!((&info["kind"], &info["residual_levels"]), (&"rq+pq".into(), &1.into()));
    assert_eq!(info["slices"], serde_json::json!([3, 3]));
    let text = dir.semid("info --model tail.safetensors").ok();
    assert!(text.contains("slices        after 1 residual level, of 3, 3 dimensions\n"), "{text}");
    assert!(dir.semid("info --model pq.safetensors").ok().contains("slices        of 2, 2, 2 dimensions\n"));
    for name in ["pq", "tail"] {
        let info = dir.semid(&format!("info --model {name}.safetensors --json")).json(0);
        dir.write("fit.json", info["parameters"].to_string());
        dir.semid("fit --input x.npy --config fit.json --output again.safetensors").ok();
        assert_eq!(dir.read("again.safetensors"), dir.read(&format!("{name}.safetensors")));
    }
    let plain = Dir::with_model();
    assert!(plain.semid("info --model m.safetensors --json").json(0).get("slices").is_none());
}

/// The commands that take a model work; what a prefix says is told.
#[test]
fn every_command_takes_product_codes() {
    let dir = folder();
    let warning = "so a shared prefix says little about them";
    for (name, levels) in [("pq", "levels 1 to 3"), ("tail", "levels 2 to 3")] {
        let model = format!("--model {name}.safetensors --input x.npy");
        let eval = dir.semid(&format!("eval {model} --k 5 --noise 0.5 --json"));
        assert_eq!(eval.code, Some(0), "{}", eval.stderr);
        assert!(eval.stderr.contains(levels) && eval.stderr.contains(warning), "{}", eval.stderr);
        let found: serde_json::Value = serde_json::from_str(&eval.stdout).unwrap();
        let errors = found["squared_error_per_level"].as_array().unwrap();
        assert!(errors.is_sorted_by(|a, b| a.as_f64() > b.as_f64()) && errors.len() == 3, "{found}");
        assert_eq!(found["margins"]["levels"].as_array().unwrap().len(), 3);
        let report = dir.semid(&format!("report {model} --output r.html --k 3"));
        assert_eq!(report.code, Some(0), "{}", report.stderr);
        assert!(report.stderr.contains(warning));
        let page = dir.text("r.html");
        assert!(page.contains("do not build on each other") && !page.contains("so they should be alike"), "{name}");
        assert!(!page.contains("balanced clusters"), "product codes have none");
        dir.fails(&format!("assign {model} --items items.txt --db new.db --beam 4"), &["`beam` = 4"]);
        let verified = dir.semid(&format!("verify {model} --device reference --device cpu --json")).json(0);
        assert_eq!(verified["equal"], true);
        let drift = format!("drift {model} --baseline x.npy --json");
        assert_eq!(dir.semid(&drift).json(0)["stable"], true);
        let align = format!("fit --input x.npy --config f.json --seed 9 --align-to {name}.safetensors");
        let info = dir.semid(&format!("info --model {name}.safetensors --json")).json(0);
        dir.write("f.json", info["parameters"].to_string());
        let aligned = dir.semid(&format!("{align} --output new.safetensors --json")).json(0);
        let share = |when: &str| aligned["alignment"][when]["unchanged_codes"][0].as_f64().unwrap();
        assert!(share("after") >= share("before"));
    }
    let plain = Dir::with_model();
    plain.semid("eval --model m.safetensors --input x.npy --k 3").ok();
    plain.semid("report --model m.safetensors --input x.npy --output r.html --k 3").ok();
    assert!(plain.text("r.html").contains("so they should be alike"));
}

#[test]
fn registries_take_product_codes() {
    let dir = folder();
    for (name, resolver) in [("pq", "suffix"), ("tail", "reassign"), ("pq", "reassign"), ("tail", "suffix")] {
        let db = format!("{name}-{resolver}.db");
        let assign = format!(
            "assign --model {name}.safetensors --input x.npy --items items.txt --db {db} --resolver {resolver} \
             --output ids.csv --json"
        );
        let assigned = dir.semid(&assign).json(0);
        assert_eq!(assigned["new"], 300, "{assigned}");
        let export = dir.semid(&format!("export --db {db} --output index.json --json")).json(0);
        assert_eq!(export["items"], 300, "{export}");
        let found = dir.semid(&format!("lookup --db {db} --item 7 --neighbors 4 --json"));
        assert_eq!(found.code, Some(1), "there is no such item");
    }
    // Without residual levels distances alone say which items are near.
    let args = ["lookup", "--db", "pq-suffix.db", "--item", "item 7", "--neighbors", "20", "--json"];
    let found = dir.command("").args(args).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let near = found["neighbors"].as_array().unwrap();
    assert!(near.len() == 20 && near.is_sorted_by_key(|near| near["squared_distance"].as_f64()), "{found}");
    let shared: Vec<u64> = near.iter().map(|near| near["shared"].as_u64().unwrap()).collect();
    assert!(!shared.is_sorted_by(|a, b| b <= a), "prefixes have another order: {shared:?}");
}

#[test]
fn sweeps_fit_every_number_of_slices() {
    let dir = folder();
    let sweep = "sweep --input x.npy --kind pq,rq+pq,rq-kmeans --levels 2,3 --clusters 8 --k 0 --output s.jsonl --json";
    assert_eq!(dir.semid(sweep).json(0)["runs"], 6);
    let runs: Vec<serde_json::Value> =
        dir.text("s.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fingerprint = |kind: &str, levels: usize| {
        let is = |run: &&serde_json::Value| run["parameters"]["kind"] == kind && run["parameters"]["levels"] == levels;
        runs.iter().find(is).unwrap_or_else(|| panic!("{runs:?}"))["fingerprint"].as_str().unwrap().to_owned()
    };
    for (kind, model) in [("pq", "pq"), ("rq+pq", "tail")] {
        let alone = Model::load(dir.path(&format!("{model}.safetensors"))).unwrap();
        assert_eq!(fingerprint(kind, 3), alone.fingerprint());
        assert_ne!(fingerprint(kind, 2), alone.fingerprint());
    }
}

#[test]
fn fits_tell_every_level_and_can_weigh_rows() {
    let dir = folder();
    let fit = "fit --input x.npy --kind rq+pq --levels 4 --residual-levels 2 --clusters 8 --output t.safetensors";
    let fitted = dir.semid(&format!("{fit} --json")).json(0);
    let errors: Vec<f64> =
        fitted["levels"].as_array().unwrap().iter().map(|level| level["squared_error"].as_f64().unwrap()).collect();
    assert!(errors.len() == 4 && errors.is_sorted_by(|a, b| b < a), "{fitted}");
    let text = dir.semid(fit).ok();
    assert!(text.starts_with("fitted rq+pq to 300 rows of 6 dimensions"), "{text}");
    dir.write("w.txt", "2\n".repeat(300));
    let weighted = dir.semid(&format!("{fit} --weights w.txt --json")).json(0);
    assert_eq!((&weighted["rows"], &weighted["weight"]), (&300.into(), &600.into()));
    let memory = dir.semid(&format!("{fit} --memory 2GiB --json")).json(0);
    assert_eq!(memory["fingerprint"], fitted["fingerprint"]);
}

#[test]
fn what_product_codes_do_not_have_is_refused_in_words() {
    let dir = folder();
    let fit = "fit --input x.npy --output n.safetensors --clusters 8";
    let for_tails = "--residual-levels is for --kind rq+pq; leave it out";
    for (flags, parts) in [
        ("--kind pq --levels 7", &["`levels` = 7", "6 dimensions", "at most 6 slices"][..]),
        ("--kind pq --levels 3 --residual-levels 1", &[for_tails]),
        ("--levels 3 --residual-levels 1", &[for_tails]),
        ("--kind rq+pq --levels 2 --residual-levels 2", &["`levels` = 2", "must be at least 3 with 2 residual levels"]),
        ("--kind rq+pq --levels 2 --residual-levels 0", &["residual_levels", "take the kind pq"]),
        ("--kind pq --balanced", &["--balanced is for --kind rq-kmeans; leave it out"]),
        ("--kind pq --normalize-residuals", &["--normalize-residuals is for --kind rq-kmeans"]),
        ("--kind pq --sinkhorn-epsilon 0.01", &["--sinkhorn-epsilon is for --kind rq-kmeans"]),
        ("--kind pq --algorithm mini-batch --joint", &["`layer_wise` = false", "--joint"]),
        ("--kind pq --epochs 3", &["--epochs is for --kind rq-vae"]),
        ("--kind pq --prefix-labels items.txt", &["is for --kind rq-kmeans; leave it out"]),
        ("--kind pq --warm-start pq.safetensors", &["warm-start", "rq-kmeans"]),
        ("--kind rq-kmeans --warm-start pq.safetensors", &["pq", "must be an rq-kmeans model"]),
    ] {
        dir.fails(&format!("{fit} {flags}"), parts);
    }
    let encode = "encode --model pq.safetensors --input x.npy --output c.npy";
    dir.fails(&format!("{encode} --beam 4"), &["`beam` = 4", "slices do not depend on each other"]);
    dir.semid("fit --input x.npy --kind rq+pq --levels 3 --clusters 8 --output tail.safetensors").ok();
    let tail = encode.replace("pq.safetensors", "tail.safetensors");
    dir.fails(&format!("{tail} --beam 4"), &["`beam` = 4", "others may leave less to the slices"]);
    dir.fails(&format!("{encode} --capacity 50"), &["`capacity` = 50", "product codes have no capacities"]);
    dir.fails(&format!("{encode} --assignment priced"), &["prices"]);
    let candidates = "encode --model pq.safetensors --input x.npy --output c.jsonl --candidates 3";
    dir.fails(candidates, &["models of kind `pq` have no candidates"]);
}
