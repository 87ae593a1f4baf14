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
fn sweeps_have_to_be_of_the_same_rows() {
    let dir = Dir::with_items();
    let sweep = |input: &str| {
        let output = format!("--output {input}.jsonl --device cpu");
        dir.semid(&format!("sweep --input {input}.npy --levels 1 --clusters 4 --k 3 --pairs 9 {output}")).ok();
        dir.text(&format!("{input}.jsonl"))
    };
    let mut values = super::values(300, 6);
    values[1799] += 1.0;
    dir.npy_of("value.npy", 6, &values);
    dir.npy("fewer.npy", 299, 6);
    dir.npy("narrow.npy", 300, 5);
    let own = sweep("x");
    for (other, part) in [("value", "sha256"), ("fewer", "rows 299, these rows have 300"), ("narrow", "dim 5")] {
        let file = format!("{other}.jsonl");
        let line = sweep(other);
        dir.fails(&format!("{REPORT} --sweep {file}"), &[&file, "run 1", part]);
        dir.write("both.jsonl", format!("{own}{line}"));
        dir.fails(&format!("{REPORT} --sweep both.jsonl"), &["both.jsonl", "run 2", part]);
    }
    // Half a line is no run.
    for content in ["", "{\"format\":1,"] {
        dir.write("empty.jsonl", content);
        dir.fails(&format!("{REPORT} --sweep empty.jsonl"), &["empty.jsonl", "no run in it is finished"]);
    }
    dir.semid(&format!("{REPORT} --sweep x.jsonl --k 0")).ok();
    assert!(dir.text("r.html").contains("Recall@3"));
}

#[test]
fn neighbours_are_as_many_as_asked_for() {
    let dir = Dir::with_items();
    let page = |flags: &str| {
        dir.semid(&format!("{REPORT} --sample 50 {flags}")).ok();
        dir.text("r.html")
    };
    let (ten, three) = (page(""), page("--k 3 --pairs 100"));
    assert!(ten == page("--k 10 --pairs 20000") && ten.contains("recall@10 by"));
    assert!(three.contains("recall@3 by") && !three.contains("recall@10 by"));
    assert!(page("-k 3") != three, "other pairs");
    assert!(!page("--k 0").contains("recall@"));
    dir.fails(&format!("{REPORT} --k 300"), &["`k` = 300", "from 1 to 299, the neighbours"]);
    dir.fails(&format!("{REPORT} --pairs 0"), &["`pairs` = 0"]);
    // The numbers of `semid eval`, and of a sweep.
    let eval = dir.semid("eval --model m.safetensors --input x.npy --k 3 --sample 50 --pairs 100 --json").json(0);
    let recall = 100.0 * eval["recall_at_k"]["decoded"]["value"].as_f64().unwrap();
    assert!(three.contains(&format!("<dd>{recall:.1} %</dd>")), "{recall}");
    let sweep = "sweep --input x.npy --levels 2 --clusters 8 --k 3 --queries 50 --pairs 100 --output s.jsonl";
    dir.semid(&format!("{sweep} --report s.html")).ok();
    let page = dir.text("s.html");
    let sentence = |page: &str| page.split("Distances between items").nth(1).unwrap()[..120].to_owned();
    assert!(page.contains("recall@3 by") && page.contains("Recall@3") && !page.contains("ecall@10 "));
    assert_eq!(sentence(&page), sentence(&three));
    let without = sweep.replace("--k 3 --queries 50 --pairs 100", "--k 0").replace("s.jsonl", "t.jsonl");
    dir.semid(&format!("{without} --report s.html")).ok();
    assert!(!dir.text("s.html").contains("recall@"));
}

#[test]
fn few_things_are_counted_in_words() {
    let dir = Dir::new();
    dir.npy("x.npy", 1, 1);
    dir.semid("fit --input x.npy --output m.safetensors --levels 1 --clusters 1 --device cpu").ok();
    assert!(dir.semid(REPORT).ok().contains("about 1 row on"));
    assert!(dir.text("r.html").contains("x.npy: 1 row of 1 dimension<"));
    dir.npy("x.npy", 40, 2);
    dir.semid("fit --input x.npy --output m.safetensors --levels 64 --clusters 2 --device cpu").ok();
    assert!(dir.semid(REPORT).ok().contains("about 40 rows on"));
    let page = dir.text("r.html");
    assert!(page.contains("of 64 codes, out of 2^64 possible ones") && page.contains("64 levels of 2 clusters<"));
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
    dir.fails(&REPORT.replace("r.html", "r.pdf"), &["r.pdf", ".html"]);
    dir.fails(&REPORT.replace("r.html", "r"), &["r: ", ".html"]);
    dir.fails(&format!("{REPORT} --svg m.safetensors"), &["m.safetensors", "folder"]);
    dir.fails(&format!("{REPORT} --svg x.npy/figures"), &["x.npy/figures", "folder"]);
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
    for part in
        [fingerprint, &why, "item 299", "<title>Best</title>", "rq-kmeans-1x4-seed42", "are ranked by recall_at_k"]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(dir.text("figures/sweep.svg").contains("<svg"));
    // A finished sweep is not run again for its report, and a kept model is not fitted again.
    let again = dir.semid(&format!("{sweep} {page} --models models")).ok();
    assert!(again.contains(&format!("saved r.html, a page about {best}")), "{again}");
    assert!(dir.text("r.html") == text);
    dir.fails(&format!("{sweep} --items items.txt"), &["--items", "--report"]);
    dir.fails(&format!("{sweep} --report s.jsonl"), &["s.jsonl", "also the output"]);
    dir.fails(&format!("{sweep} --report x.npy"), &["x.npy", "also the input"]);
    dir.fails(&format!("{sweep} --report no/r.html"), &["no"]);
    dir.fails(&format!("{sweep} --report r.pdf"), &["r.pdf", ".html"]);
}

#[test]
fn the_best_run_has_one_recall_on_the_page_of_a_sweep() {
    let dir = Dir::new();
    dir.npy("x.npy", 2500, 4);
    let sweep = "sweep --input x.npy --levels 1,2 --clusters 8 --device cpu";
    let recall = |flags: &str| {
        let swept = dir.semid(&format!("{sweep} {flags} --report r.html --json")).json(0);
        let (page, best) = (dir.text("r.html"), &swept["ranking"][0]);
        let recall = 100.0 * best["metrics"]["recall_at_k"]["decoded"]["value"].as_f64().unwrap();
        let shown =
            |before: &str, after: &str| page.split(before).nth(1).unwrap().split(after).next().unwrap().to_owned();
        let tile = shown("<dt>recall@10 by decoded distance</dt>", "</div>");
        assert_eq!(tile, format!("<dd>{recall:.1} %</dd>"), "{flags}");
        let row =
            shown(&format!("<th scope=\"row\" role=\"rowheader\">{}</th>", best["name"].as_str().unwrap()), "</tr>");
        assert!(row.contains(&format!(">{recall:.1} %<")), "{flags}: {row}");
        // The page says how many items were queries.
        let queries = best["metrics"]["queries"].as_u64().unwrap();
        (shown("It is measured for ", " among all"), queries)
    };
    assert_eq!(recall("--output all.jsonl"), ("2,500 items".to_owned(), 2500));
    assert_eq!(recall("--queries 100 --pairs 500 --output some.jsonl"), ("100 items".to_owned(), 100));
}

#[test]
fn collisions_expected_of_more_items_say_of_how_many() {
    let dir = Dir::with_items();
    let page = |flags: &str| {
        let sweep = "sweep --input x.npy --levels 1,2 --clusters 4 --k 0 --device cpu --report r.html";
        dir.semid(&format!("{sweep} {flags}")).ok();
        dir.text("r.html")
    };
    let (with, without) = (page("--predict 1234567 --output a.jsonl"), page("--output b.jsonl"));
    let more = page("--predict 5000 --output c.jsonl");
    assert!(with.contains(">Collision rate expected of 1,234,567 items</th>") && with.contains("are an approximation"));
    assert!(more.contains(">Collision rate expected of 5,000 items</th>"));
    assert!(!without.contains("expected of") && !without.contains("approximation"));
    // Runs of several sweeps: each says its own number.
    dir.write("both.jsonl", format!("{}{}", dir.text("a.jsonl"), dir.text("c.jsonl")));
    dir.semid(&format!("{REPORT} --sweep both.jsonl --k 0")).ok();
    let both = dir.text("r.html");
    assert!(both.contains(">Collision rate expected</th>"));
    assert!(both.contains("% of 1,234,567 items</td>") && both.contains("% of 5,000 items</td>"));
}

/// IDs of items 0 to 299 as another tool has them, and those of an older run, which lacks some and has changed others.
fn with_ids() -> Dir {
    let dir = Dir::with_items();
    dir.semid("encode --model m.safetensors --input x.npy --output own.csv").ok();
    let own = dir.text("own.csv");
    let ids: Vec<(usize, &str)> = own.lines().skip(1).map(|line| line.split_once(',').unwrap().1).enumerate().collect();
    let file = |ids: &mut dyn Iterator<Item = (usize, String)>| {
        ids.fold("item,id,sales\n".to_owned(), |text, (item, id)| text + &format!("item {item},{id},{}\n", item + 1))
    };
    dir.write("ids.csv", file(&mut ids.iter().rev().map(|(item, id)| (*item, (*id).to_owned()))));
    let older = |(item, id): &(usize, &str)| (*item, if *item < 30 { "7-7".to_owned() } else { (*id).to_owned() });
    dir.write("older.csv", file(&mut ids.iter().take(290).map(older)));
    dir.write("pairs.csv", "a,b\nitem 0,item 1\nitem 2,item 3\nitem 4,nobody\n");
    dir
}

#[test]
fn ids_of_any_tool_have_a_page() {
    let dir = with_ids();
    let args =
        "report --ids ids.csv --against older.csv --weight-column sales --interactions pairs.csv --output r.html";
    let written = dir.semid(&format!("{args} --svg figures --json")).json(0);
    assert_eq!((&written["rows"], &written["device"]), (&300.into(), &serde_json::Value::Null));
    let page = dir.text("r.html");
    let judged = dir.semid("eval --ids ids.csv --against older.csv --json").json(0);
    let changed = judged["churn"]["changed_items"].as_u64().unwrap();
    assert!((1..=30).contains(&changed));
    for part in [
        "<title>Semantic IDs of ids</title>",
        "Fan-out",
        &format!("Of 290 items that both mappings have, {changed} changed their IDs; 10 were added and 0 removed"),
        "Items with the same codes up to here",
        "Best recall@10",
        "heaviest item",
        "over 2 pairs; 1 were left out",
        "item 299",
        "the first of its items",
        "older.csv",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    assert!(!page.contains("Kinds of collisions") && !page.contains("and the items nearest to its centre"));
    assert!(!page.contains(dir.path("").to_str().unwrap()));
    // Churn by key: the order of the items says nothing.
    let first = judged["churn"]["unchanged_prefixes"][0].as_f64().unwrap();
    assert!(page.contains(&format!("{:.1} %", 100.0 * first)), "{first}");
    for figure in written["figures"].as_array().unwrap() {
        roxmltree::Document::parse(&dir.text(figure.as_str().unwrap())).unwrap();
    }
    dir.semid(args).ok();
    assert_eq!(dir.text("r.html"), page, "the same page again");
}

#[test]
fn embeddings_say_more_of_ids_of_any_tool() {
    let dir = with_ids();
    let args = "report --ids ids.csv --input x.npy --items items.txt --labels items.txt --output r.html --device cpu";
    dir.semid(&format!("{args} --k 3")).ok();
    let page = dir.text("r.html");
    for part in ["Kinds of collisions", "conflicts", "Recall@3", "Best recall@3", "joined by key", "Labels of items"] {
        assert!(page.contains(part), "no {part}");
    }
    dir.semid(&format!("{args} --sample 0")).ok();
    assert!(!dir.text("r.html").contains("Hamming"));
    dir.semid("encode --model m.safetensors --input x.npy --output codes.npy").ok();
    dir.semid("report --ids codes.npy --input x.npy --output r.html --device cpu").ok();
    assert!(dir.text("r.html").contains("Recall@10"));
    dir.semid("report --ids own.csv --input x.npy --row-numbers --output r.html --device cpu").ok();
}

#[test]
fn flags_of_pages_about_ids_that_do_not_fit_are_refused() {
    let dir = with_ids();
    dir.write("ids.html", "item,id");
    for (flags, part) in [
        ("--ids ids.csv --model m.safetensors --input x.npy --output r.html", "cannot be used with"),
        ("--ids ids.csv --sweep s.jsonl --output r.html", "cannot be used with"),
        ("--against older.csv --model m.safetensors --input x.npy --output r.html", "cannot be used with"),
        ("--metric cosine --model m.safetensors --input x.npy --output r.html", "cannot be used with"),
        ("--row-numbers --model m.safetensors --input x.npy --output r.html", "--interactions and --smooth-pairs"),
        ("--ids ids.csv --labels items.txt --output r.html", "give them with --input"),
        ("--ids ids.csv --row-numbers --output r.html", "give them with --input"),
        ("--ids ids.csv --input x.npy --output r.html", "--row-numbers"),
        ("--ids ids.csv --output r.csv", ".html"),
        ("--ids ids.html --output ids.html", "ids.html"),
        ("--ids none.csv --output r.html", "none.csv"),
        ("--output r.html", "--model"),
    ] {
        let before = dir.files();
        let run = dir.semid(&format!("report {flags}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags}");
        assert!(run.stderr.contains(part), "{flags}: {}", run.stderr);
        assert_eq!(dir.files(), before, "{flags}");
    }
}
