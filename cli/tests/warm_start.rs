//! `semid fit --warm-start` and `--freeze-levels` for residual k-means.

use super::{Dir, values};
use semid::RqKMeansModel;
use semid::rq::WarmStart;
use semid::{Device, Matrix, RqKMeans};

/// The folder of a model, and `new.npy`: most rows of the model, and others further away.
fn refreshed() -> (Dir, Vec<f32>) {
    let dir = Dir::with_model();
    let further = values(120, 6).into_iter().map(|x| x * 1.5 + 4.0);
    let new: Vec<f32> = values(300, 6).into_iter().skip(60 * 6).chain(further).collect();
    dir.npy_of("new.npy", 6, &new);
    (dir, new)
}

#[test]
fn a_refresh_is_that_of_the_library_and_says_where_it_started() {
    let (dir, new) = refreshed();
    let old = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    let rows = Matrix::new(&new, 6).unwrap();
    for frozen in 0..=2 {
        let fit =
            format!("fit --input new.npy --warm-start m.safetensors --freeze-levels {frozen} --output n.safetensors");
        let fitted = dir.semid(&format!("{fit} --json")).json(0);
        let start = WarmStart::new(&old).freeze_levels(frozen);
        let expected = RqKMeans::new(2, 8).fit_from(&start, &rows, &Device::reference()).unwrap();
        assert_eq!(fitted["fingerprint"], expected.fingerprint(), "{frozen}");
        let origin = &fitted["warm_start"];
        assert_eq!((&origin["from"], &origin["fingerprint"]), (&"m.safetensors".into(), &old.fingerprint().into()));
        assert_eq!((&origin["freeze_levels"], origin.as_object().unwrap().len()), (&frozen.into(), 3));
        let info = dir.semid("info --model n.safetensors --json").json(0);
        assert_eq!(
            (&info["parameters"]["warm_start"], &info["parameters"]["freeze_levels"]),
            (&old.fingerprint().into(), &frozen.into())
        );
        let text = dir.semid(&fit).ok();
        let said = ["started from m.safetensors\n", "whose first level keeps its", "whose first 2 levels keep their"];
        assert!(text.contains(said[frozen]), "{text}");
    }
    // A cosine model is started from without naming its metric.
    dir.semid(
        "fit --input x.npy --levels 2 --clusters 5,4 --metric cosine --normalize-residuals --output c.safetensors",
    )
    .ok();
    dir.semid("fit --input new.npy --warm-start c.safetensors --output d.safetensors").ok();
    let info = dir.semid("info --model d.safetensors --json").json(0);
    assert_eq!((&info["metric"], &info["clusters"]), (&"cosine".into(), &serde_json::json!([5, 4])));
    // The balanced fit of a file of parameters.
    dir.write("even.json", r#"{"levels": 2, "clusters": 8, "sizes": {}, "n_init": 3}"#);
    dir.semid("fit --input x.npy --config even.json --output e.safetensors").ok();
    dir.semid("fit --input new.npy --config even.json --warm-start e.safetensors --output f.safetensors").ok();
    assert_eq!(dir.semid("info --model f.safetensors --json").json(0)["prices"], true);
}

#[test]
fn what_does_not_go_with_a_warm_start() {
    let (dir, _) = refreshed();
    dir.npy("narrow.npy", 100, 5);
    let refused = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("fit --input new.npy --output o.safetensors {flags}"), parts);
    };
    for flag in ["--init random", "--n-init 2", "--no-center", "--align-to m.safetensors"] {
        let name = flag.split_whitespace().next().unwrap();
        refused(&format!("--warm-start m.safetensors {flag}"), &[name, "--warm-start"]);
    }
    refused("--warm-start m.safetensors --levels 3", &["--levels", "[8, 8]"]);
    refused("--warm-start m.safetensors --clusters 9", &["--clusters", "[8, 8]"]);
    refused("--warm-start m.safetensors --metric cosine", &["metric", "l2"]);
    refused("--warm-start m.safetensors --normalize-residuals", &["normalize_residuals", "opposite"]);
    refused("--warm-start m.safetensors --algorithm mini-batch", &["mini-batch", "must be Lloyd"]);
    refused("--warm-start m.safetensors --algorithm hierarchical", &["hierarchical", "must be Lloyd"]);
    refused("--warm-start m.safetensors --freeze-levels 3", &["freeze_levels", "at most the 2 levels"]);
    refused("--warm-start x.npy", &["x.npy", "model"]);
    refused("--warm-start o.safetensors", &["o.safetensors"]);
    let plus = "--kind rq-kmeans-plus --warm-start m.safetensors";
    refused(&format!("{plus} --freeze-levels 1"), &["--freeze-levels", "--kind rq-kmeans"]);
    dir.fails("fit --input narrow.npy --warm-start m.safetensors --output o.safetensors", &["5 dimensions", "6"]);
    let run = dir.semid("fit --input new.npy --output o.safetensors --freeze-levels 1");
    assert!(run.code == Some(2) && run.stderr.contains("--warm-start"), "{}", run.stderr);
    // A network is no model to start k-means from.
    let network = "--kind rq-vae --hidden 8 --latent 4 --epochs 1 --batch 50 --levels 2 --clusters 8";
    dir.semid(&format!("fit --input x.npy --output v.safetensors {network}")).ok();
    refused("--warm-start v.safetensors", &["v.safetensors", "rq-vae", "rq-kmeans"]);
    dir.write("c.json", r#"{"freeze_levels": 1}"#);
    refused("--config c.json", &["c.json", "freeze_levels", "--warm-start"]);
    dir.write("c.json", r#"{"freeze_levels": "one"}"#);
    refused("--config c.json --warm-start m.safetensors", &["c.json", "freeze_levels"]);
}
