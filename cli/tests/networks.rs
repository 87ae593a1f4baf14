//! RQ-VAE and RQ-KMeans+ at the command line: they are models like any other.

use super::Dir;
#[cfg(unix)]
use super::{
    Run,
    signals::{signal, start, until, until_watching},
};
use semid::io::read_codes;
use semid::{Device, Model, Rows, RqVaeModel, io::open};
use serde_json::Value;

const FIT: &str = "fit --kind rq-vae --input x.npy --levels 2 --clusters 8 --hidden 12 --latent 4 --epochs 3 \
    --batch 50 --lr 1e-3 --seed 3";

fn with_network() -> Dir {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    dir.items("items.txt", 0..300);
    dir.semid(&format!("{FIT} --output m.safetensors")).ok();
    dir
}

/// The columns of latents are none of the input: a far row is named alone.
#[test]
fn a_far_row_is_named_without_a_column_of_its_latents() {
    let dir = with_network();
    let mut x = super::values(300, 6);
    x[77 * 6 + 3] = 1e8;
    dir.npy_of("far.npy", 6, &x);
    let run = dir.semid("encode --model m.safetensors --input far.npy --output codes.npy --json");
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let said = found["warnings"][0].as_str().unwrap();
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(said.contains("latent") && said.contains("row 77;") && !said.contains("column"), "{said}");
}

#[test]
fn every_command_takes_a_network() {
    let dir = with_network();
    let model = RqVaeModel::load(dir.path("m.safetensors")).unwrap();
    let rows = open(dir.path("x.npy"), &semid::io::ReadOptions::default()).unwrap();
    let expected = model.encode(&rows, &Device::cpu()).unwrap();

    dir.semid("encode --model m.safetensors --input x.npy --output codes.npy").ok();
    assert_eq!(read_codes(dir.path("codes.npy")).unwrap(), (expected.values().to_vec(), 2));
    dir.semid("decode --model m.safetensors --input codes.npy --output d.npy --levels 1").ok();
    let decoded = open(dir.path("d.npy"), &semid::io::ReadOptions::default()).unwrap();
    let mut found = vec![0.0; 300 * 6];
    decoded.read(0, &mut found).unwrap();
    assert_eq!(found, model.decode_levels(&expected, 1, &Device::cpu()).unwrap());

    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!((&info["kind"], &info["latent"]), (&Value::from("rq-vae"), &Value::from(4)));
    assert!(dir.semid("info --model m.safetensors").ok().contains("6-12-4"));
    let verified = dir.semid("verify --model m.safetensors --input x.npy --rows 100 --json").json(0);
    assert_eq!(verified["equal"], true);

    for resolver in ["suffix", "reassign"] {
        let assign = format!("assign --db {resolver}.db --input x.npy --items items.txt --resolver {resolver}");
        let report = dir.semid(&format!("{assign} --model m.safetensors --json")).json(0);
        assert_eq!(report["new"], 300, "{report}");
        let again = dir.semid(&format!("{assign} --json")).json(0);
        assert_eq!((&again["new"], &again["kept"]), (&Value::from(0), &Value::from(300)));
    }
    assert_eq!(dir.semid("stats --db suffix.db --json").json(0)["items"], 300);
    dir.semid("export --db suffix.db --output trie.safetensors --first-token 0").ok();
}

#[test]
fn a_fit_tells_its_history_and_repeats_its_bits() {
    let dir = with_network();
    let first = dir.semid(&format!("{FIT} --output a.safetensors --json")).json(0);
    let second = dir.semid(&format!("{FIT} --output b.safetensors --json --device reference")).json(0);
    assert_eq!((&first["history"], &first["fingerprint"]), (&second["history"], &second["fingerprint"]));
    assert!(dir.read("a.safetensors") == dir.read("b.safetensors"));
    let history = first["history"].as_array().unwrap();
    assert_eq!(history.len(), 3);
    for epoch in history {
        for name in ["loss", "reconstruction", "quantization", "lr", "held_out_loss", "collision_rate"] {
            assert!(epoch[name].is_f64(), "{name} in {epoch}");
        }
        assert_eq!(epoch["perplexity"].as_array().unwrap().len(), 2);
    }
    let text = dir.semid(&format!("{FIT} --output a.safetensors --quiet")).ok();
    assert!(text.contains("kept epoch") && text.contains("used codes"), "{text}");
}

#[test]
fn rq_kmeans_plus_starts_from_a_model() {
    let dir = Dir::with_model();
    let plus = "fit --kind rq-kmeans-plus --input x.npy --warm-start m.safetensors --batch 50 --hidden 8 --held-out 0";
    dir.semid(&format!("{plus} --epochs 0 --output start.safetensors")).ok();
    for model in ["m", "start"] {
        dir.semid(&format!("encode --model {model}.safetensors --input x.npy --output {model}.npy")).ok();
    }
    assert!(dir.read("m.npy") == dir.read("start.npy"));
    let trained = dir.semid(&format!("{plus} --epochs 2 --lr 1e-3 --output p.safetensors --json")).json(0);
    assert_eq!(trained["kind"], "rq-kmeans-plus");
    assert_eq!(dir.semid("info --model p.safetensors --json").json(0)["kind"], "rq-kmeans-plus");
    let model = Model::load(dir.path("p.safetensors")).unwrap();
    assert!(model.downcast::<RqVaeModel>().is_some_and(RqVaeModel::has_skip));

    dir.fails("fit --kind rq-kmeans-plus --input x.npy --output o.safetensors", &["--warm-start"]);
    dir.fails("fit --kind rq-vae --input x.npy --output o.safetensors --warm-start m.safetensors", &["rq-kmeans-plus"]);
    let wrong = plus.replace("--warm-start m.safetensors", "--warm-start p.safetensors");
    dir.fails(&format!("{wrong} --output o.safetensors"), &["p.safetensors", "must be an rq-kmeans model"]);
    for (flag, part) in [
        ("--levels 7", "warm start"),
        ("--clusters 9", "warm start"),
        ("--clusters 256", "warm start"),
        ("--clusters 8,9", "warm start"),
        ("--latent 3", "--kind rq-vae;"),
        ("--kmeans-init", "--kind rq-vae;"),
        ("--no-standardize", "--kind rq-vae;"),
        ("--max-iter 3", "--kind rq-kmeans, pq or rq+pq;"),
    ] {
        let name = flag.split(' ').next().unwrap();
        dir.fails(&format!("{plus} {flag} --output o.safetensors"), &[name, part]);
    }
}

/// Batch and rate follow the rows, as those of RQ-VAE do; the last epoch is kept.
#[test]
fn rq_kmeans_plus_has_its_defaults() {
    let dir = Dir::with_model();
    let fit = "fit --kind rq-kmeans-plus --input x.npy --output o.safetensors --warm-start m.safetensors --hidden 8";
    let of = |flags: &str| {
        dir.semid(&format!("{fit} --epochs 1 {flags}")).ok();
        let parameters = dir.semid("info --model o.safetensors --json").json(0)["parameters"].take();
        let [batch, lr] = ["batch", "lr"].map(|name| parameters[name].as_f64().unwrap());
        (batch, lr, parameters["keep"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(""), (32.0, 2e-3 * (32_f64 / 256.0).sqrt(), "last".to_owned()));
    assert_eq!(of("--preset semantic-id --batch 50 --keep loss"), (50.0, 1e-4, "loss".to_owned()));
}

/// By default they follow the rows, and the file says which they were.
#[test]
fn a_preset_sets_batch_and_rate() {
    let dir = Dir::with_model();
    let fit = "fit --kind rq-vae --input x.npy --output o.safetensors --levels 2 --clusters 8 --hidden 12 --latent 4";
    let of = |flags: &str| {
        dir.semid(&format!("{fit} --epochs 1 {flags}")).ok();
        let parameters = dir.semid("info --model o.safetensors --json").json(0)["parameters"].take();
        (parameters["batch"].as_u64().unwrap(), parameters["lr"].as_f64().unwrap())
    };
    let rate = |batch: f64| 2e-3 * (batch / 256.0).sqrt();
    assert_eq!(of(""), (32, rate(32.0)));
    assert_eq!(of("--batch 64"), (64, rate(64.0)));
    assert_eq!(of("--lr 0.01"), (32, 0.01));
    assert_eq!(of("--preset semantic-id --batch 50"), (50, 1e-4));
    dir.fails(&format!("{fit} --preset semantic-id"), &["2048", "rows to train on"]);
    dir.fails("fit --input x.npy --output o.safetensors --preset semantic-id", &["--preset", "--kind rq-vae"]);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let dir = Dir::with_model();
    dir.fails("fit --input x.npy --output o.safetensors --hidden 3", &["--hidden", "--kind rq-vae"]);
    let fit = "fit --kind rq-vae --input x.npy --output o.safetensors --levels 2 --clusters 8 --hidden 12 --latent 4";
    for (flags, part) in [
        ("--balanced", "--balanced"),
        ("--metric cosine", "--metric cosine"),
        ("--tol 0.7", "--tol"),
        ("--n-init 1", "--n-init"),
        ("--kmeans-init false --max-iter 7", "--max-iter"),
        ("--batch 50 --gamma 0.3", "--schedule step"),
        ("--batch 50 --dropout 1", "`dropout`"),
        ("--batch 5000", "`batch`"),
        ("--batch 50 --schedule step --step-epochs 0", "`schedule`"),
        ("--batch 50 --lr 1e30 --epochs 60", "diverged"),
        ("--batch 50 --checkpoint x.npy", "x.npy"),
        ("--batch 50 --lr 10 --epochs 20", "diverged"),
        ("--batch 50 --checkpoint m.safetensors", "checkpoint"),
        ("--batch 50 --checkpoint no/c.state", "no/c.state"),
    ] {
        dir.fails(&format!("{fit} {flags}"), &[part]);
    }
    let same = fit.replace("--output o.safetensors", "--output o.ck");
    assert_ne!(same, fit);
    dir.fails(&format!("{same} --batch 50 --checkpoint o.ck"), &["also the output"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_a_checkpoint_to_go_on_from() {
    let dir = Dir::new();
    dir.npy("x.npy", 2000, 6);
    let fit = format!("{} --held-out 0.2 --checkpoint c.state", FIT.replace("--epochs 3", "--epochs 12"));
    dir.semid(&format!("{} --output whole.safetensors", fit.replace("--checkpoint c.state", ""))).ok();
    // Interrupted again and again, until it comes to its end.
    let mut stops = 0;
    loop {
        let mut child = start(&dir, &format!("{fit} --output m.safetensors"));
        let written = || std::fs::metadata(dir.path("c.state")).ok().and_then(|file| file.modified().ok());
        let before = written();
        // A run that was interrupted after its last epoch has no more checkpoint to write.
        until("a checkpoint or the end", || written() != before || child.try_wait().unwrap().is_some());
        if child.try_wait().unwrap().is_none() {
            signal(&child, "-INT");
        }
        let run = Run::of(&fit, child.wait_with_output().unwrap());
        if run.code == Some(0) {
            break;
        }
        assert_eq!((run.code, run.stderr.contains("c.state")), (Some(130), true), "{}", run.stderr);
        stops += 1;
    }
    assert!(stops > 0, "no run was interrupted");
    assert!(dir.read("m.safetensors") == dir.read("whole.safetensors"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_heard_while_the_first_codewords_are_fitted() {
    let dir = Dir::new();
    dir.npy("x.npy", 5000, 16);
    let files = dir.files();
    let fit = "fit --kind rq-vae --input x.npy --output m.safetensors --levels 3 --clusters 4000 --hidden 8 --latent 8";
    let child = start(&dir, &format!("{fit} --batch 50 --max-iter 1000000 --device reference"));
    until_watching(&child);
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(&child, "-INT");
    let run = Run::of(fit, child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(130), "error: interrupted; nothing was written\n"));
    assert_eq!(dir.files(), files);
}

#[test]
fn a_diverged_training_tells_how_to_save_the_best_model() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    // The rate rises until it is too much.
    let fit = FIT.replace("--lr 1e-3", "--lr 5 --warmup 400").replace("--epochs 3", "--epochs 400");
    let fit = format!("{fit} --checkpoint c.state --output m.safetensors");
    let run = dir.semid(&fit);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    for part in ["diverged", "c.state keeps the state after epoch", "saves the best model until then"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    let epochs = run.stderr.split("--epochs ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    dir.semid(&fit.replace("--epochs 400", &format!("--epochs {epochs}"))).ok();
    assert!(dir.path("m.safetensors").exists());
}
