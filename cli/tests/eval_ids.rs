//! `semid eval --ids`.

use super::Dir;
use serde_json::{Value, json};

/// A folder with a model, and its IDs in every form that `encode` writes.
fn with_ids() -> Dir {
    let dir = Dir::with_items();
    for ids in ["ids.csv", "ids.jsonl", "ids.parquet", "ids.npy"] {
        dir.semid(&format!("encode --model m.safetensors --input x.npy --output {ids}")).ok();
    }
    dir
}

#[test]
fn ids_have_the_figures_of_the_model_that_made_them() {
    let dir = with_ids();
    let of_model = dir.semid("eval --model m.safetensors --input x.npy --json").json(0);
    for ids in ["ids.csv", "ids.jsonl", "ids.parquet", "ids.npy"] {
        let judged = dir.semid(&format!("eval --ids {ids} --input x.npy --row-numbers --clusters 8,8 --json")).json(0);
        for figure in ["rows", "distinct_ids", "collision_rate", "perplexity", "levels", "largest_buckets"] {
            assert_eq!(judged[figure], of_model[figure], "{ids}: {figure}");
        }
        for metric in ["recall_at_k", "ndcg_at_k", "distance_correlation"] {
            for by in ["prefix", "hamming"] {
                assert_eq!(judged["embeddings"][metric][by], of_model[metric][by], "{ids}: {metric} by {by}");
            }
        }
    }
}

#[test]
fn ids_are_joined_by_key_and_not_by_order() {
    let dir = with_ids();
    let ids = std::fs::read_to_string(dir.path("ids.csv")).unwrap();
    let mut lines: Vec<String> = ids.lines().skip(1).map(|line| format!("item {line}\n")).collect();
    lines.reverse();
    lines.truncate(290);
    dir.write("other.csv", format!("item,id\n{}", lines.concat()));
    let judged = dir.semid("eval --ids other.csv --input x.npy --items items.txt --against other.csv --json").json(0);
    assert_eq!(judged["embeddings"]["rows"], 290);
    assert_eq!(judged["embeddings"]["rows_without_id"], 10);
    assert_eq!(judged["churn"]["changed_items"], 0);
    let all = dir.semid("eval --ids ids.csv --input x.npy --row-numbers --json").json(0);
    let near = |of: &Value| of["embeddings"]["recall_at_k"]["prefix"]["value"].as_f64().unwrap();
    assert!((near(&judged) - near(&all)).abs() < 0.05, "{judged} {all}");
}

#[test]
fn the_index_of_a_registry_is_judged_as_it_is() {
    let dir = Dir::with_items();
    dir.semid("assign --model m.safetensors --input x.npy --items items.txt --db ids.db --output all.csv").ok();
    dir.semid("export --db ids.db --output index.json").ok();
    let index = dir.semid("eval --ids index.json --json").json(0);
    assert_eq!((&index["rows"], &index["collision_rate"]), (&json!(300), &json!(0.0)));
    let table = dir.semid("eval --ids all.csv --json").json(0);
    for figure in ["distinct_ids", "levels", "fan_out", "recall_ceiling"] {
        assert_eq!(index[figure], table[figure], "{figure}");
    }
}

#[test]
fn people_read_names_and_meanings() {
    let dir = with_ids();
    dir.write("pairs.csv", "a,b\n0,1\n2,3\n4,5\n");
    let text = dir
        .semid("eval --ids ids.csv --input x.npy --row-numbers --interactions pairs.csv --against ids.jsonl --k 5")
        .ok();
    for part in
        ["300 items", "recall_ceiling at 5", "Fan-out", "conflicts", "Co-occurrence", "Churn: 0 of 300", "apart"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
}

#[test]
fn flags_that_do_not_fit_together_are_refused() {
    let dir = with_ids();
    dir.write("none.csv", "a,b\n");
    for (flags, expected) in [
        ("--ids ids.csv --model m.safetensors --input x.npy", "cannot be used with"),
        ("--model m.safetensors --input x.npy --weight-column sales", "needs an input that has columns"),
        ("--ids ids.csv --weight-column sales --weight-step 1", "cannot be used with"),
        ("--model m.safetensors --input x.npy --near-quantile 0.1", "cannot be used with"),
        ("--model m.safetensors --input x.npy --row-numbers", "--interactions and --smooth-pairs"),
        ("--ids ids.csv --sample 3", "give them with --input"),
        ("--ids ids.csv --labels items.txt", "give them with --input"),
        ("--model m.safetensors", "--input"),
        ("--input x.npy", "--model"),
        ("--ids ids.csv --input x.npy", "--row-numbers"),
        ("--ids ids.csv --ids-column code", "\"code\""),
        ("--ids missing.csv", "missing.csv"),
        ("--ids ids.csv --clusters 2", "is not below 2"),
        ("--ids ids.csv --interactions ids.csv", "of different items"),
        ("--ids ids.csv --interactions none.csv", "there are no pairs"),
    ] {
        let run = dir.semid(&format!("eval {flags}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags}");
        assert!(run.stderr.contains(expected), "{flags}: {}", run.stderr);
    }
}

/// Weights come from the file of IDs in the same reading, in every format that has columns.
#[test]
fn weights_are_read_with_the_ids() {
    let dir = Dir::new();
    dir.write("ids.csv", "item,id,sales\nhat,0-1,6\ncap,0-1,1\nshoe,2-0,3\n");
    let line =
        |item: &str, id: &str, sales: u32| format!("{{\"item\":\"{item}\",\"id\":\"{id}\",\"sales\":{sales}}}\n");
    dir.write("ids.jsonl", line("hat", "0-1", 6) + &line("cap", "0-1", 1) + &line("shoe", "2-0", 3));
    for ids in ["ids.csv", "ids.jsonl"] {
        let judged = dir.semid(&format!("eval --ids {ids} --weight-column sales --json")).json(0);
        assert_eq!((&judged["collided_weight_rate"], &judged["lost_weight_rate"]), (&json!(0.7), &json!(0.1)), "{ids}");
    }
    dir.write("text.jsonl", "{\"item\":\"hat\",\"id\":\"0-1\",\"sales\":\"many\"}\n");
    dir.fails("eval --ids text.jsonl --weight-column sales", &["line 1", "the weight is a text"]);
}

/// What `assign` and `export` write is read back as the same IDs.
#[test]
fn own_exports_are_read_as_what_they_are() {
    let dir = Dir::with_items();
    let all = super::values(300, 6);
    let lines = all.chunks(6).enumerate().map(|(row, e)| format!("{{\"sku\":\"item {row}\",\"e\":{e:?}}}\n"));
    dir.write("x.jsonl", lines.collect::<String>());
    let assign = "assign --model m.safetensors --input x.jsonl --id-column sku --fixed-depth --output";
    let marks = "--format token --token-template <s_{level}_{code}> --begin <|sid|> --end <|/sid|>";
    dir.semid(&format!("{assign} plain.csv --db plain.db")).ok();
    dir.semid(&format!("{assign} marked.csv --db marked.db {marks}")).ok();
    dir.semid(&format!("{assign} ids.jsonl --db again.db")).ok();
    for (name, flags) in [("index.json", ""), ("odd.index.json", "--token-template {code}@{level1}|")] {
        dir.semid(&format!("export --db plain.db --output {name} {flags}")).ok();
    }
    dir.semid("export --db marked.db --output marked.index.json").ok();
    dir.semid("export --db plain.db --output sids.json").ok();
    let plain = dir.semid("eval --ids plain.csv --json").json(0);
    assert_eq!((&plain["rows"], plain["levels"].as_array().unwrap().len()), (&json!(300), 3));
    for (name, flags) in [
        ("ids.jsonl", ""),
        ("marked.csv", ""),
        ("marked.csv", "--token-template <s_{level}_{code}> --begin <|sid|> --end <|/sid|>"),
        ("index.json", ""),
        ("marked.index.json", ""),
        ("odd.index.json", "--token-template {code}@{level1}|"),
        ("sids.json", ""),
    ] {
        let judged = dir.semid(&format!("eval --ids {name} --json {flags}")).json(0);
        for figure in ["rows", "distinct_ids", "levels", "fan_out", "recall_ceiling"] {
            assert_eq!(judged[figure], plain[figure], "{name} {flags}: {figure}");
        }
    }
    dir.fails("eval --ids odd.index.json", &["odd.index.json", "template"]);
    dir.fails("eval --ids marked.csv --begin <|other|>", &["marked.csv", "<|other|>"]);
    dir.semid("export --db plain.db --kind sid-json --packed --output packed.json").ok();
    dir.fails("eval --ids packed.json", &["packed.json", "packed into integers"]);
}

#[test]
fn near_is_that_of_all_pairs() {
    let dir = with_ids();
    let eval = "eval --ids ids.csv --input x.npy --row-numbers --k 0";
    let kinds = |flags: &str| dir.semid(&format!("{eval} --json {flags}")).json(0)["embeddings"]["collisions"].clone();
    let first = kinds("");
    assert_eq!((&first["pairs"], &first["near_is_exact"]), (&json!(44_850), &json!(true)));
    assert_eq!(kinds("--seed 2"), first);
    let text = dir.semid(eval).ok();
    assert!(text.contains("which 0.1 % of all 44850 pairs are"), "{text}");
    dir.fails(&format!("{eval} --near-quantile 2"), &["quantile"]);
    dir.fails("eval --ids ids.csv --near-quantile 2", &["--near-quantile", "give them with --input"]);
}
