//! `semid export`.

use super::{Dir, Run};
use semid::io::read_strings;
use semid::registry::{Manifest, Registry, Resolver, SqliteStore};
use semid::{IdFormat, RqKMeansModel};
use serde_json::{Value, json};

/// [`Dir::with_model`] and a database `ids.db` of five items, two of them with suffixes.
fn with_database(resolver: Resolver) -> Dir {
    let dir = Dir::with_model();
    let model = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    let manifest = Manifest::new(&model.fingerprint(), 2, resolver, IdFormat::plain("-")).unwrap();
    let store = SqliteStore::open(dir.path("ids.db")).unwrap();
    let mut registry = Registry::new(store, manifest, &model.to_bytes().unwrap()).unwrap();
    let codes = semid::Codes::new(vec![7, 1, 0, 3, 7, 1, 7, 1, 0, 2], 2).unwrap();
    registry.assign(&["a", "b", "c", "d \"é\"", "e"], &codes).unwrap();
    registry.remove(&["c"]).unwrap();
    dir
}

#[test]
fn the_name_of_the_output_says_what_is_written() {
    let dir = with_database(Resolver::default());
    let export = |flags: &str| dir.semid(&format!("export --db ids.db --json {flags}")).json(0);
    let file = |name: &str| -> Value { serde_json::from_slice(&dir.read(name)).unwrap() };

    assert_eq!(export("--output ids.csv")["kind"], "ids");
    assert_eq!(dir.text("ids.csv"), "item,id\ne,0-2\nb,0-3\na,7-1\n\"d \"\"é\"\"\",7-1-2\n");
    export("--output ids.parquet");
    assert_eq!(read_strings(dir.path("ids.parquet"), "item").unwrap(), ["e", "b", "a", "d \"é\""]);

    let written = export("--output x.index.json --base 1");
    assert_eq!((&written["kind"], &written["items"], &written["base"]), (&json!("index"), &json!(4), &json!(1)));
    let index = json!({"e": ["<a_1>", "<b_3>"], "b": ["<a_1>", "<b_4>"], "a": ["<a_8>", "<b_2>"],
        "d \"é\"": ["<a_8>", "<b_2>", "<c_3>"]});
    assert_eq!(file("x.index.json"), index);

    let written = export("--output added_tokens.json --first-token 100");
    assert_eq!((&written["tokens"], &written["first_token"]), (&json!(19), &json!(100)));
    let added = file("added_tokens.json");
    assert_eq!((&added["<a_0>"], &added["<b_7>"], &added["<c_2>"]), (&json!(100), &json!(115), &json!(118)));
    export("--output vocabulary.json --first-token 100");
    assert_eq!(file("vocabulary.json")["levels"][2], json!({"name": "c", "first": 116, "count": 3}));

    let written = export("--output t.safetensors --first-token 100");
    // Root, two first codes, three pairs of codes, one suffix.
    assert_eq!((&written["items"], &written["nodes"]), (&json!(4), &json!(7)));
    export("--output other --kind trie --first-token 100");
    assert_eq!(dir.read("other"), dir.read("t.safetensors"));
    let text = dir.semid("export --db ids.db --output t.safetensors --first-token 100").ok();
    assert!(text.starts_with("exported trie: 4 items, 19 tokens, 7 nodes in"), "{text}");
}

#[test]
fn a_copy_of_the_database_goes_on_by_itself() {
    let dir = with_database(Resolver::default());
    let writer = rusqlite::Connection::open(dir.path("ids.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let written = dir.semid("export --db ids.db --output copy.db --json").json(0);
    assert_eq!((&written["kind"], &written["items"]), (&json!("engine"), &json!(4)));
    writer.execute_batch("ROLLBACK; UPDATE ids SET item = 'renamed' WHERE item = 'a'").unwrap();
    let find = |db: &str, id: &str| dir.semid(&format!("lookup --db {db} --id {id}")).stdout;
    assert_eq!([find("copy.db", "7-1"), find("ids.db", "7-1")], ["a\n", "renamed\n"]);
    assert!(find("copy.db", "7-1-1").contains("retired"));
    dir.semid("assign --db copy.db --input x.npy --row-numbers").ok();
    assert_eq!(dir.semid("stats --db copy.db --json").json(0)["items"], 304);
    assert_eq!(dir.semid("stats --db ids.db --json").json(0)["items"], 4);
    dir.fails("export --db copy.db --output ids.db", &["ids.db", "not replaced"]);
    dir.fails("export --db ids.db --output ids.db", &["ids.db", "is also the input"]);
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let dir = with_database(Resolver::ItemId);
    dir.semid("export --db ids.db --output ids.csv").ok();
    assert!(dir.text("ids.csv").contains("a,7-1-a\n"), "{}", dir.text("ids.csv"));
    dir.fails("export --db ids.db --output ids.json", &["ids.json", "--kind"]);
    for (kind, name) in
        [("index", "i.npz"), ("sid-json", "s.csv"), ("trie", "t.json"), ("ids", "i.json"), ("hf", "h.db")]
    {
        dir.fails(
            &format!("export --db ids.db --kind {kind} --output {name} --first-token 1"),
            &[name, "--kind", kind],
        );
        assert!(!dir.path(name).exists(), "{name}");
    }
    dir.fails("export --db ids.db --output sids.json", &["item-id", "export the IDs as text"]);
    dir.fails("export --db ids.db --output index.json", &["item-id", "export the IDs as text"]);
    dir.fails("export --db ids.db --output ids.db --kind ids", &["ids.db", "is also the input"]);
    dir.fails("export --db no.db --output ids.csv", &["no.db"]);
    dir.fails("export --db m.safetensors --output ids.csv", &["m.safetensors"]);
}

#[test]
fn token_ids_begin_after_those_of_a_tokenizer() {
    let dir = with_database(Resolver::default());
    for output in ["added_tokens.json", "vocabulary.json", "trie.safetensors"] {
        dir.fails(&format!("export --db ids.db --output {output}"), &[output, "--first-token", "--tokenizer"]);
    }
    let vocab =
        json!({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}, "added_tokens": [{"id": 2, "content": "<pad>"}]});
    dir.write("tokenizer.json", vocab.to_string());
    let export = "export --db ids.db --output added_tokens.json --json";
    let written = dir.semid(&format!("{export} --tokenizer tokenizer.json")).json(0);
    assert_eq!(written["first_token"], 3);
    let by_number = dir.read("added_tokens.json");
    dir.semid(&format!("{export} --first-token 3")).ok();
    assert_eq!(dir.read("added_tokens.json"), by_number);
    assert_eq!(dir.semid(&format!("{export} --first-token 0")).json(0)["first_token"], 0);
    let both = dir.semid(&format!("{export} --first-token 3 --tokenizer tokenizer.json"));
    assert_eq!(both.code, Some(2));
    dir.fails(
        "export --db ids.db --output tokenizer.json --kind trie --tokenizer tokenizer.json",
        &["is also the input"],
    );
    dir.write("other.json", "{}");
    dir.fails("export --db ids.db --output t.safetensors --tokenizer other.json", &["other.json", "model.vocab"]);
    dir.write("other.json", json!({"model": {"vocab": {"<b_7>": 0}}}).to_string());
    dir.fails("export --db ids.db --output t.safetensors --tokenizer other.json", &["other.json", "<b_7>"]);
}

#[test]
fn catalogues_take_ids_of_one_depth() {
    let dir = with_database(Resolver::default());
    dir.fails("export --db ids.db --output sids.json", &["ids.db", "`0-2` and `7-1-2`", "--fixed-depth"]);
    dir.items("items.txt", 0..300);
    let assign = "assign --model m.safetensors --input x.npy --items items.txt --fixed-depth --db";
    dir.semid(&format!("{assign} fixed.db --output fixed.csv")).ok();
    assert_eq!(dir.semid("stats --db fixed.db --json").json(0)["resolver"], "suffix-always");
    dir.semid("export --db fixed.db --output sids.json").ok();
    let sids: Value = serde_json::from_slice(&dir.read("sids.json")).unwrap();
    let ids = dir.text("fixed.csv");
    let ids: Vec<String> = ids.lines().skip(1).map(|line| line.split_once(',').unwrap().1.replace('-', ",")).collect();
    assert_eq!(sids.as_object().unwrap().len(), 300);
    assert!(ids.iter().all(|id| sids[id] == 1), "{sids}");
    let packed = dir.semid("export --db fixed.db --kind sid-json --packed --output packed.json --json").json(0);
    assert_eq!(
        (&packed["kind"], &packed["packed_base"], &packed["items"]),
        (&json!("sid-json"), &json!(8192), &json!(300))
    );
    let packed: Value = serde_json::from_slice(&dir.read("packed.json")).unwrap();
    let number = |id: &String| id.split(',').fold(0, |number, code| number * 8192 + code.parse::<u64>().unwrap());
    assert!(ids.iter().all(|id| packed[number(id).to_string()] == 1), "{packed}");
    dir.semid("export --db fixed.db --output sids.json --end-code").ok();
    assert!(dir.text("sids.json").lines().all(|line| line.ends_with(",1\":1,") || line.ends_with(",1\":1}")));
    dir.fails(&format!("{assign} ids.db"), &["ids.db", "suffix-always"]);
}

#[test]
fn tokens_by_a_template_are_exported_and_read_back() {
    let dir = with_database(Resolver::default());
    let flags = |command: &str, rest: &[&str]| {
        let mut run = dir.command(command);
        Run::of(command, run.args(rest).output().unwrap())
    };
    let template = ["--token-template", "<s_{level}_{code}>", "--begin", "<|sid_begin|>", "--end", "<|sid_end|>"];
    flags("export --db ids.db --output ids.jsonl", &template).ok();
    let first: Value = serde_json::from_str(dir.text("ids.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(first["id"], "<|sid_begin|><s_a_0><s_b_2><|sid_end|>");
    for line in dir.text("ids.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let id = ["--id", line["id"].as_str().unwrap()];
        assert_eq!(flags("lookup --db ids.db --json", &[&template[..], &id].concat()).json(0)["item"], line["item"]);
    }
    flags("export --db ids.db --output index.json", &template).ok();
    let index: Value = serde_json::from_slice(&dir.read("index.json")).unwrap();
    assert_eq!(index["d \"é\""], json!(["<|sid_begin|>", "<s_a_7>", "<s_b_1>", "<s_c_2>", "<|sid_end|>"]));
    let prefix =
        flags("lookup --db ids.db --json", &[&template[..], &["--prefix", "<|sid_begin|><s_a_7>"]].concat()).json(0);
    assert_eq!(
        (&prefix["items"], &prefix["children"][0]["prefix"]),
        (&json!(2), &json!("<|sid_begin|><s_a_7><s_b_1>"))
    );
    assert_eq!(prefix["records"][0]["id"], "<|sid_begin|><s_a_7><s_b_1><|sid_end|>");
    // What is exported with codes from 1 is read so.
    let numbers = ["--token-template", "<item_L{level0}_C{code}>", "--base", "1"];
    flags("export --db ids.db --output index.json", &numbers).ok();
    let index: Value = serde_json::from_slice(&dir.read("index.json")).unwrap();
    assert_eq!(index["e"], json!(["<item_L0_C1>", "<item_L1_C3>"]));
    let found = flags("lookup --db ids.db", &[&numbers[..], &["--id", "<item_L0_C1><item_L1_C3>"]].concat()).ok();
    assert_eq!(found, "e\n");
    for (template, part) in [("<{code}>", "one {code} and one {level}"), ("{level0}{code}", "after {code}")] {
        let run = flags("export --db ids.db --output index.json", &["--token-template", template]);
        assert!(run.code == Some(2) && run.stderr.contains(part), "{}", run.stderr);
    }
    let added = flags("export --db ids.db --output added_tokens.json --first-token 5", &template);
    assert!(added.ok().contains("21 tokens"));
    let added: Value = serde_json::from_slice(&dir.read("added_tokens.json")).unwrap();
    assert_eq!((&added["<|sid_begin|>"], &added["<|sid_end|>"], &added["<s_a_0>"]), (&json!(5), &json!(6), &json!(7)));
}

#[test]
fn a_database_keeps_its_template() {
    let dir = Dir::with_items();
    let assign = "assign --db ids.db --model m.safetensors --input x.npy --items items.txt --output ids.csv";
    let template = ["--token-template", "<s_{level}_{code}>", "--end", "</s>"];
    let run = |command: &str, rest: &[&str]| Run::of(command, dir.command(command).args(rest).output().unwrap());
    run(assign, &template).ok();
    let id = dir.text("ids.csv").lines().nth(1).unwrap().split_once(',').unwrap().1.to_owned();
    assert!(id.starts_with("<s_a_") && id.ends_with("></s>"), "{id}");
    assert_eq!(run("lookup --db ids.db", &["--id", &id]).ok(), "item 0\n");
    dir.semid(assign).ok(); // as it is, without a flag
    assert!(dir.text("ids.csv").contains(&id));
    dir.semid("export --db ids.db --output index.json").ok();
    let index: Value = serde_json::from_slice(&dir.read("index.json")).unwrap();
    let tokens = index["item 0"].as_array().unwrap();
    assert_eq!(tokens.iter().map(|token| token.as_str().unwrap()).collect::<String>(), id);
    for flags in [&["--end", "</t>"][..], &["--format", "plain"], &["--token-template", "<{level}_{code}>"]] {
        let run = run(assign, flags);
        assert!(run.code == Some(2) && run.stderr.contains("ids.db"), "{}", run.stderr);
    }
    let refused =
        run("assign --db new.db --model m.safetensors --input x.npy --items items.txt --format plain", &template);
    assert!(refused.code == Some(2) && refused.stderr.contains("go with tokens"), "{}", refused.stderr);
    let flags = ["--resolver", "item-id", "--token-template", "<s_{level}_{code}>"];
    let refused = run("assign --db new.db --model m.safetensors --input x.npy --items items.txt", &flags);
    assert!(refused.code == Some(2) && refused.stderr.contains("item key"), "{}", refused.stderr);
    assert!(!dir.path("new.db").exists());
}

#[test]
fn engines_and_tokenizers_get_files_of_their_own() {
    let dir = Dir::with_items();
    dir.semid("assign --db ids.db --model m.safetensors --input x.npy --items items.txt --fixed-depth").ok();
    for output in ["index.npz", "static.safetensors"] {
        let written = dir.semid(&format!("export --db ids.db --output {output} --json")).json(0);
        assert_eq!((&written["kind"], &written["items"]), (&json!("static"), &json!(300)));
    }
    dir.fails("export --db ids.db --output index.npz --vocab-size 3", &["ids.db", "vocab_size"]);
    let written = dir.semid("export --db ids.db --output folder --kind hf --first-token 10 --json").json(0);
    assert_eq!((&written["kind"], &written["first_token"]), (&json!("hf"), &json!(10)));
    assert!(dir.path("folder/README.md").exists() && dir.path("folder/trie.safetensors").exists());
    dir.fails("export --db ids.db --output folder --kind hf --first-token 10", &["folder"]);
    dir.fails("export --db ids.db --output other --kind hf", &["other", "--tokenizer"]);
}
