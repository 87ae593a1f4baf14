//! Two catalogues in one database.

use super::{Dir, Run};
use serde_json::{Value, json};

/// Goods 0 to 99 and videos 0 to 199, with the same keys for other rows.
fn two(flags: [&str; 2]) -> Dir {
    let dir = Dir::with_model();
    for (name, rows, flags) in [("goods", 100, flags[0]), ("videos", 200, flags[1])] {
        dir.npy(&format!("{name}.npy"), rows, 6);
        let args = "assign --db ids.db --model m.safetensors --row-numbers";
        let said = dir.semid(&format!("{args} --namespace {name} --input {name}.npy --output {name}.csv {flags}")).ok();
        assert!(said.contains(&format!("registered in namespace {name} of ids.db")), "{said}");
    }
    dir
}

fn items(dir: &Dir, args: &str) -> Vec<(String, u64)> {
    let stats = dir.semid(&format!("stats --db ids.db --json {args}")).json(0);
    let of = |other: &Value| (other["namespace"].as_str().unwrap().to_owned(), other["items"].as_u64().unwrap());
    stats["namespaces"].as_array().unwrap().iter().map(of).collect()
}

fn lines(dir: &Dir, name: &str) -> Vec<(String, String)> {
    let text = dir.text(name);
    text.lines().skip(1).map(|line| line.split_once(',').map(|(a, b)| (a.into(), b.into())).unwrap()).collect()
}

#[test]
fn catalogues_with_the_same_keys_are_kept_apart() {
    let dir = two(["", ""]);
    // Each is what a database of its own would be.
    for name in ["goods", "videos"] {
        let alone = format!("assign --db {name}.db --model m.safetensors --row-numbers --input {name}.npy");
        dir.semid(&format!("{alone} --output alone.csv")).ok();
        assert_eq!(dir.text("alone.csv"), dir.text(&format!("{name}.csv")), "{name}");
        dir.semid(&format!("export --db ids.db --namespace {name} --output exported.csv")).ok();
        dir.semid(&format!("export --db {name}.db --output alone.csv")).ok();
        assert_eq!(dir.text("alone.csv"), dir.text("exported.csv"), "{name}");
        for kind in ["index", "sid-json"] {
            dir.semid(&format!("export --db {name}.db --kind {kind} --output a.json")).ok_or_mixed();
            dir.semid(&format!("export --db ids.db --namespace {name} --kind {kind} --output b.json")).ok_or_mixed();
        }
    }
    assert_eq!(items(&dir, "--namespace goods"), [("goods".to_owned(), 100), ("videos".to_owned(), 200)]);
    for (name, all) in [("goods", lines(&dir, "goods.csv")), ("videos", lines(&dir, "videos.csv"))] {
        for (key, id) in all.iter().step_by(37) {
            let lookup = format!("lookup --db ids.db --namespace {name}");
            assert_eq!(dir.semid(&format!("{lookup} --item {key}")).ok(), format!("{id}\n"));
            assert_eq!(dir.semid(&format!("{lookup} --id {id}")).ok(), format!("{key}\n"));
        }
    }
    let deleted = dir.semid("delete --db ids.db --namespace goods --item 5 --json").json(0);
    assert_eq!((&deleted["left"], &deleted["namespace"]), (&json!(99), &json!("goods")));
    assert_eq!(items(&dir, "--namespace videos"), [("goods".to_owned(), 99), ("videos".to_owned(), 200)]);
    assert_eq!(dir.semid("lookup --db ids.db --namespace goods --item 5").code, Some(1));
    dir.semid("lookup --db ids.db --namespace videos --item 5").ok();
    // Later runs need no model, and a copy has all namespaces.
    dir.semid("assign --db ids.db --namespace goods --row-numbers --input goods.npy").ok();
    let copied = dir.semid("export --db ids.db --output copy.db --json").json(0);
    assert_eq!(copied["items"], 300);
    let (a, b) =
        ("export --db ids.db --namespace goods --output a.csv", "export --db copy.db --namespace goods --output b.csv");
    [a, b].iter().for_each(|args| drop(dir.semid(args).ok()));
    assert_eq!(dir.text("a.csv"), dir.text("b.csv"));
    dir.fails("export --db ids.db --namespace goods --output other.db", &["all namespaces"]);
}

impl Run {
    /// Succeeds, or says that IDs have different depths.
    fn ok_or_mixed(self) {
        assert!(self.code == Some(0) || self.stderr.contains("different numbers of tokens"), "{}", self.stderr);
    }
}

#[test]
fn a_namespace_beside_the_one_without_a_name_leaves_it_as_it_is() {
    let dir = Dir::with_items();
    dir.semid("assign --db ids.db --model m.safetensors --input x.npy --items items.txt --output ids.csv").ok();
    let before = dir.semid("stats --db ids.db --json").json(0);
    assert_eq!((&before["namespaces"], &before["namespace"]), (&Value::Null, &Value::Null));
    dir.semid("assign --db ids.db --namespace goods --input x.npy --items items.txt --resolver item-id").ok();
    assert_eq!(items(&dir, ""), [(String::new(), 300), ("goods".to_owned(), 300)]);
    let goods = dir.semid("stats --db ids.db --namespace goods --json").json(0);
    assert_eq!((&goods["resolver"], &goods["namespace"]), (&json!("item-id"), &json!("goods")));
    let after = dir.semid("stats --db ids.db --json").json(0);
    assert_eq!(
        ["items", "resolver", "distinct_codes"].map(|key| &before[key]),
        ["items", "resolver", "distinct_codes"].map(|key| &after[key])
    );
    dir.semid("export --db ids.db --output again.csv").ok();
    assert_eq!(dir.text("ids.csv").lines().count(), dir.text("again.csv").lines().count());
}

#[test]
fn a_wrong_or_forgotten_name_is_refused() {
    let dir = two(["", ""]);
    for command in ["lookup --item 5", "stats", "export --output ids.csv", "delete --item 5"] {
        dir.fails(&format!("{command} --db ids.db"), &["none without a name", "`goods`, `videos`"]);
        dir.fails(&format!("{command} --db ids.db --namespace books"), &["no namespace `books`", "`goods`, `videos`"]);
    }
    dir.fails("assign --db ids.db --row-numbers --input goods.npy", &["none without a name", "`goods`"]);
    dir.fails("stats --db ids.db --namespace a/b", &["namespace", "ASCII letters"]);
    // Another model cannot have a namespace here.
    dir.semid("fit --input x.npy --output other.safetensors --levels 2 --clusters 7").ok();
    let args = "assign --db ids.db --namespace books --row-numbers --input goods.npy --model other.safetensors";
    dir.fails(args, &["belongs to model"]);
    dir.fails("lookup --db ids.db --namespace books --item 5", &["no namespace `books`"]);
}

/// The names and ids of the tokens in a file.
fn tokens(dir: &Dir, args: &str) -> Vec<(String, u64)> {
    dir.semid(&format!("export --db ids.db --output added_tokens.json {args}")).ok();
    let tokens: serde_json::Map<String, Value> = serde_json::from_slice(&dir.read("added_tokens.json")).unwrap();
    tokens.into_iter().map(|(name, id)| (name, id.as_u64().unwrap())).collect()
}

#[test]
fn tokens_are_shared_or_separate() {
    let dir = two(["--format token", "--format token"]);
    let shared = ["goods", "videos"].map(|name| tokens(&dir, &format!("--namespace {name} --first-token 0")));
    assert_eq!(shared[0], shared[1]);
    // Exports of plain IDs and of tokens alike can be given tokens of their own.
    let own = "--token-template <{namespace}_{level}_{code}> --begin <|{namespace}|>";
    let separate = ["goods", "videos"].map(|name| tokens(&dir, &format!("--namespace {name} --first-token 0 {own}")));
    assert_eq!(separate[0].len(), shared[0].len() + 1);
    assert!(separate[0].iter().all(|(name, _)| name.contains("goods")));
    assert!(separate[0].iter().all(|(name, _)| separate[1].iter().all(|(other, _)| name != other)));
    let args = "export --db ids.db --namespace goods --first-token 0 --output vocabulary.json";
    dir.fails(&format!("{args} --token-template <{{namespace}}_{{level0}}>"), &["{code}"]);

    let own = "--format token --token-template <{namespace}_{level}_{code}>";
    let dir = two([own, own]);
    let (goods, videos) = (lines(&dir, "goods.csv"), lines(&dir, "videos.csv"));
    assert!(goods.iter().all(|(_, id)| id.starts_with("<goods_a_")), "{goods:?}");
    let find = |name: &str, id: &str| dir.semid(&format!("lookup --db ids.db --namespace {name} --id {id}"));
    assert_eq!(find("videos", &videos[7].1).ok(), "7\n");
    assert_eq!(find("goods", &goods[7].1).ok(), "7\n");
    let stranger = find("goods", &videos[7].1);
    assert!(stranger.code == Some(2) && stranger.stderr.contains("no semantic ID here"), "{}", stranger.stderr);
    // One token would stand for two codes.
    let args = "assign --db ids.db --namespace books --row-numbers --input goods.npy --format token";
    dir.fails(&format!("{args} --token-template <goods_{{level}}_1{{code}}>"), &["token template", "\"goods\""]);
    dir.fails(
        "assign --db new.db --model m.safetensors --row-numbers --input goods.npy --format token --begin <{namespace}>",
        &["{namespace}", "--namespace"],
    );
}
