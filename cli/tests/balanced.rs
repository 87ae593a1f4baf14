//! Clusters of equal size, in `fit` and in `encode`, and what is refused.

use super::Dir;
use semid::io::read_codes;
use semid::{Device, Matrix, RqKMeansModel};

const FIT: &str = "fit --input x.npy --output m.safetensors --levels 2 --clusters 7 --max-iter 5";

/// A folder with 300 rows and a balanced model of them.
fn balanced() -> Dir {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    dir.semid(&format!("{FIT} --balanced")).ok();
    dir
}

/// Rows per cluster of every level, smallest and largest.
fn sizes(dir: &Dir, codes: &str) -> Vec<(usize, usize)> {
    let (values, levels) = read_codes(dir.path(codes)).unwrap();
    let size = |level: usize, k: u32| values.iter().skip(level).step_by(levels).filter(|code| **code == k).count();
    let all = |level: usize| (0..7).map(move |k| size(level, k));
    (0..levels).map(|level| (all(level).min().unwrap(), all(level).max().unwrap())).collect()
}

#[test]
fn fit_tells_sizes_and_the_proof() {
    let dir = balanced();
    let text = dir.semid(&format!("{FIT} --balanced")).ok();
    assert!(text.contains("level 1: 42 to 43 rows per cluster"), "{text}");
    assert!(text.contains("optimality gap 0: every assignment is proved"), "{text}");
    let json = dir.semid(&format!("{FIT} --balanced --json")).json(0);
    assert_eq!(json["optimality_gap"].as_f64(), Some(0.0));
    for level in json["levels"].as_array().unwrap() {
        let balance = &level["balance"];
        assert_eq!((balance["smallest"].as_u64(), balance["largest"].as_u64()), (Some(42), Some(43)));
        assert_eq!(balance["optimality_gap"].as_f64(), Some(0.0));
    }
    let json = dir.semid(&format!("{FIT} --balanced --min-size 10 --max-size 90 --json")).json(0);
    let balance = &json["levels"][0]["balance"];
    assert!(balance["smallest"].as_u64() >= Some(10) && balance["largest"].as_u64() <= Some(90), "{json}");
    assert!(dir.semid("info --model m.safetensors").ok().contains("keeps new rows so"));
    let plain = dir.semid(&format!("{FIT} --json")).json(0);
    assert!(plain.get("optimality_gap").is_none() && plain["levels"][0].get("balance").is_none(), "{plain}");
    assert_eq!(dir.semid("info --model m.safetensors --json").json(0)["prices"], false);
}

#[test]
fn sinkhorn_is_another_fit_without_a_proof() {
    let dir = balanced();
    let json = dir.semid(&format!("{FIT} --sinkhorn-epsilon 0.01 --json")).json(0);
    assert!(json.get("optimality_gap").is_none(), "{json}");
    let balance = &json["levels"][0]["balance"];
    assert!(balance["smallest"].as_u64() > Some(20) && balance.get("optimality_gap").is_none(), "{json}");
    let one = dir.semid(&format!("{FIT} --sinkhorn-epsilon 0.01 --sinkhorn-iterations 1 --json")).json(0);
    assert_ne!(one["fingerprint"], json["fingerprint"]);
    let default = dir.semid(&format!("{FIT} --sinkhorn-epsilon 0.01 --sinkhorn-iterations 50 --json")).json(0);
    assert_eq!(default["fingerprint"], json["fingerprint"]);
    let text = dir.semid(&format!("{FIT} --sinkhorn-epsilon 0.01")).ok();
    assert!(text.contains("rows per cluster") && !text.contains("optimality"), "{text}");
}

#[test]
fn encode_at_prices_and_within_a_capacity() {
    let dir = balanced();
    let encode = |flags: &str| {
        dir.semid(&format!("encode --model m.safetensors --input x.npy --output c.npy {flags}")).ok();
        dir.read("c.npy")
    };
    let model = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    let values = super::values(300, 6);
    let (rows, device) = (Matrix::new(&values, 6).unwrap(), Device::cpu());
    let nearest = encode("");
    assert_eq!(encode("--assignment nearest"), nearest);
    let priced = encode("--assignment priced");
    assert_ne!(priced, nearest);
    let expected = model.encoder().priced().unwrap().encode(&rows, &device).unwrap();
    assert_eq!(read_codes(dir.path("c.npy")).unwrap().0, expected.values());
    assert_eq!(encode("--assignment priced --threads 1 --device reference"), priced);
    let limited = encode("--capacity 43");
    assert!(sizes(&dir, "c.npy").iter().all(|(_, largest)| *largest <= 43));
    assert_eq!(encode("--capacity 43 --device reference"), limited);
    assert_eq!(encode("--capacity 300"), nearest);
    assert_eq!(encode("--capacity 300 --assignment priced"), priced);
    assert_ne!(encode("--capacity 50 --assignment priced"), encode("--capacity 50"));

    let args = "encode --model m.safetensors --input x.npy --output ids.csv --capacity 44";
    let text = dir.semid(args).ok();
    assert!(text.contains("rows per cluster") && text.contains("optimality gap 0"), "{text}");
    let json = dir.semid(&format!("{args} --json")).json(0);
    assert_eq!((json["optimality_gap"].as_f64(), json["balance"].as_array().map(Vec::len)), (Some(0.0), Some(2)));
    assert_eq!(dir.text("ids.csv").lines().count(), 301);
}

#[test]
fn what_cannot_be_is_refused() {
    let dir = Dir::with_model();
    let encode = "encode --model m.safetensors --input x.npy --output c.npy";
    dir.fails(&format!("{encode} --assignment priced"), &["m.safetensors", "no prices", "balanced clusters"]);
    dir.fails(&format!("{encode} --capacity 37"), &["x.npy", "level 1", "300 rows", "8 clusters", "at least 38"]);
    dir.fails(&format!("{encode} --capacity 0"), &["x.npy", "level 1"]);
    let fit = "fit --input x.npy --output out.safetensors --clusters 8";
    dir.fails(&format!("{fit} --balanced --max-size 37"), &["x.npy", "300 rows", "8 clusters", "37 to 37"]);
    dir.fails(&format!("{fit} --balanced --min-size 38"), &["x.npy", "at most 37"]);
    dir.fails(&format!("{fit} --balanced --algorithm mini-batch"), &["algorithm", "balanced"]);
    dir.fails(&format!("{fit} --balanced --algorithm hierarchical"), &["hierarchical", "balanced"]);
    dir.fails(&format!("{fit} --sinkhorn-epsilon 0.002"), &["sinkhorn_epsilon", "0.003"]);
    dir.fails(&format!("{fit} --sinkhorn-epsilon 0.1 --sinkhorn-iterations 0"), &["sinkhorn_iterations"]);
    dir.fails(&format!("{fit} --sinkhorn-epsilon 0.1 --algorithm mini-batch"), &["algorithm", "Sinkhorn"]);
    dir.fails(&format!("{fit} --sinkhorn-epsilon 0.1,0.2"), &["--sinkhorn-epsilon", "--kind rq-vae"]);
    dir.fails(&format!("{fit} --kind rq-vae --batch 50 --sinkhorn-epsilon 0.001"), &["`sinkhorn`", "0.003"]);
    let usage = [
        (fit, "--min-size 3", "--balanced"),
        (fit, "--max-size 3", "--balanced"),
        (fit, "--sinkhorn-iterations 3", "--sinkhorn-epsilon"),
        (fit, "--balanced --sinkhorn-epsilon 0.1", "cannot be used with"),
        (fit, "--sinkhorn-epsilon small", "--sinkhorn-epsilon"),
        (fit, "--sinkhorn-epsilon NaN", "finite"),
        (fit, "--kind rq-vae --clip inf", "finite"),
        (encode, "--assignment cheapest", "nearest, priced"),
        (encode, "--capacity -3", "-3"),
    ];
    for (command, flags, part) in usage {
        let run = dir.semid(&format!("{command} {flags}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags}");
        assert!(run.stderr.contains(part), "{flags}: {}", run.stderr);
    }
}
