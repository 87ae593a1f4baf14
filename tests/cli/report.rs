//! `semid report`.

use super::Dir;

const REPORT: &str = "report --model m.safetensors --input x.npy --output r.html --device cpu";

#[test]
fn a_page_and_its_figures_are_written() {
    let dir = Dir::with_items();
    let report = dir.semid(&format!("{REPORT} --items items.txt --svg figures --sample 50 --json")).json(0);
    let page = dir.text("r.html");
    assert_eq!((&report["output"], &report["rows"]), (&"r.html".into(), &300.into()));
    assert_eq!(report["bytes"], page.len());
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert!(page.contains("item 299") && page.contains("<title>Semantic IDs of x</title>"));
    let figures = report["figures"].as_array().unwrap();
    assert!(figures.len() >= 6, "{figures:?}");
    for figure in figures {
        let svg = dir.text(figure.as_str().unwrap());
        roxmltree::Document::parse(&svg).unwrap();
    }
    // No folder of this machine is in it.
    assert!(!page.contains(dir.path("").to_str().unwrap()));
    let again = dir.text("r.html");
    dir.semid(&format!("{REPORT} --items items.txt --sample 50 --device reference").replace("--device cpu ", "")).ok();
    assert_eq!(dir.text("r.html"), again);
}

#[test]
fn sweeps_and_labels_are_part_of_it() {
    let dir = Dir::with_items();
    dir.semid("sweep --input x.npy --levels 1,2 --clusters 4,8 --k 0 --output s.jsonl --device cpu").ok();
    dir.semid(&format!("{REPORT} --labels items.txt --sweep s.jsonl --sample 0")).ok();
    let page = dir.text("r.html");
    for part in ["Collisions by levels and clusters", "rq-kmeans-2x8-seed42", "Labels of items with a common prefix"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("recall@"), "neighbours were left out");
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let dir = Dir::with_items();
    dir.items("few.txt", 0..299);
    dir.write("not.jsonl", "{}\n");
    dir.fails(&format!("{REPORT} --items few.txt"), &["few.txt", "299 names for 300 rows"]);
    dir.fails(&format!("{REPORT} --labels few.txt"), &["few.txt", "299 labels for 300 rows"]);
    dir.fails(&format!("{REPORT} --id-column name"), &["x.npy", ".parquet"]);
    dir.fails(&format!("{REPORT} --sweep not.jsonl"), &["not.jsonl"]);
    dir.fails(&format!("{REPORT} --sweep none.jsonl"), &["none.jsonl"]);
    dir.fails(&REPORT.replace("r.html", "no/r.html"), &["no"]);
    dir.fails(&REPORT.replace("r.html", "x.npy"), &["x.npy", "also the input"]);
}

#[test]
fn a_sweep_reports_on_its_best_run() {
    let dir = Dir::with_items();
    let sweep = "sweep --input x.npy --levels 1,2 --clusters 4,8 --k 5 --output s.jsonl --device cpu";
    let page = "--report r.html --items items.txt --svg figures --title Best --rank-by recall_at_k.decoded";
    let swept = dir.semid(&format!("{sweep} {page} --json")).json(0);
    let best = swept["ranking"][0]["name"].as_str().unwrap();
    assert_eq!((&swept["report"], swept["reported"].as_str()), (&"r.html".into(), Some(best)));
    let text = dir.text("r.html");
    let fingerprint = swept["ranking"][0]["fingerprint"].as_str().unwrap();
    let why = format!("{best}, the best of 4 by recall_at_k.decoded");
    for part in [fingerprint, &why, "item 299", "<title>Best</title>", "rq-kmeans-1x4-seed42", "Ranked by recall_at_k"]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(dir.text("figures/sweep.svg").contains("<svg"));
    // A finished sweep is not run again for its report, and a kept model is not fitted again.
    let again = dir.semid(&format!("{sweep} {page} --models models")).ok();
    assert!(again.contains(&format!("drew r.html about {best}")), "{again}");
    assert!(dir.text("r.html") == text);
    dir.fails(&format!("{sweep} --items items.txt"), &["--items", "--report"]);
    dir.fails(&format!("{sweep} --report s.jsonl"), &["s.jsonl", "also the input"]);
    dir.fails(&format!("{sweep} --report x.npy"), &["x.npy", "also the input"]);
    dir.fails(&format!("{sweep} --report no/r.html"), &["no"]);
}
