//! The folder for Hugging Face's libraries; tests/exports/beams.py loads it with them.

use super::*;
use crate::id::template::TokenTemplate;

fn marked() -> TokenTemplate {
    TokenTemplate::new("<s_{level}_{code}>").unwrap().begin("<|sid_begin|>").unwrap().end("<|sid_end|>").unwrap()
}

fn ids() -> Ids {
    vec![(Some("x".into()), [2, 1], 0), (Some("y".into()), [2, 1], 1), (None, [0, 3], 0)]
}

fn base(folder: &Folder, json: &Value) -> BaseTokenizer {
    let path = folder.path("tokenizer.json");
    std::fs::write(&path, json.to_string()).unwrap();
    BaseTokenizer::open(path).unwrap()
}

#[test]
fn the_folder_has_every_file_and_they_agree() {
    let folder = Folder::new();
    let bpe = serde_json::json!({ "version": "1.0", "model": { "type": "BPE", "vocab": { "a": 0, "b": 1 } } });
    let (registry, base) = (registry(Resolver::default(), &ids()), base(&folder, &bpe));
    let path = folder.path("hf");
    let export = Export::new(&registry).template(marked()).tokenizer(&base);
    let exported = export.hf(&path).unwrap();
    // Two marks, 3 and 4 codes, and two suffixes.
    assert_eq!((exported.items, exported.tokens), (Some(2), Some(2 + 3 + 4 + 2)));
    let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected = [
        "README.md",
        "added_tokens.json",
        "semid_logits.py",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "trie.safetensors",
    ];
    assert_eq!(names, expected);

    let added = json(&path.join("added_tokens.json"));
    let ids: BTreeMap<String, u64> = serde_json::from_value(added).unwrap();
    assert_eq!((ids["<|sid_begin|>"], ids["<|sid_end|>"], ids["<s_a_0>"], ids["<s_c_1>"]), (2, 3, 4, 12));
    assert!(ids.values().copied().collect::<std::collections::BTreeSet<_>>().into_iter().eq(2..13));
    let config = json(&path.join("tokenizer_config.json"));
    let decoder = config["added_tokens_decoder"].as_object().unwrap();
    let whole = json(&path.join("tokenizer.json"));
    assert_eq!((&whole["model"], &whole["version"]), (&bpe["model"], &bpe["version"]));
    let tokens = whole["added_tokens"].as_array().unwrap();
    assert_eq!((decoder.len(), tokens.len()), (ids.len(), ids.len()));
    for (token, id) in tokens.iter().zip(2..) {
        let content = token["content"].as_str().unwrap();
        assert_eq!((token["id"].as_u64(), ids[content]), (Some(id), id));
        let flags = ["normalized", "lstrip", "rstrip", "single_word"].map(|flag| &token[flag]);
        assert!(flags.iter().all(|flag| **flag == false), "{token}");
        assert_eq!(token["special"], content.starts_with("<|"), "{token}");
        let settings = &decoder[&id.to_string()];
        assert!(settings.as_object().unwrap().iter().all(|(name, value)| token[name] == *value), "{settings}");
    }
    let special = json(&path.join("special_tokens_map.json"));
    assert_eq!(special, serde_json::json!({ "additional_special_tokens": ["<|sid_begin|>", "<|sid_end|>"] }));
    let trie = folder.path("trie.safetensors");
    export.trie(&trie).unwrap();
    assert_eq!(std::fs::read(path.join("trie.safetensors")).unwrap(), std::fs::read(&trie).unwrap());
    let card = std::fs::read_to_string(path.join("README.md")).unwrap();
    for part in [
        "| items | 2 |",
        "| distinct codes | 1 |",
        "| collision rate | 50.0000 % |",
        "| 1 | 4 | 3 | 1 | 1.0 |",
        "| suffix | 11 | 2 |",
        "`fingerprint`",
        "AutoTokenizer.from_pretrained(\"this-folder\")",
    ] {
        assert!(card.contains(part), "no {part} in {card}");
    }
}

#[test]
fn a_folder_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    let path = folder.path("hf");
    let registry = registry(Resolver::default(), &ids());
    let there = || std::fs::read_dir(folder.path("")).unwrap().count();
    let error = Export::new(&registry).hf(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Parameter { name: "first_token", .. }), "{error}");
    let cancel = |_| Err(ErrorKind::Cancelled.into());
    let error = Export::new(&registry).first_token(5).watch(&cancel).hf(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    assert_eq!(there(), 0);
    let export = Export::new(&registry).first_token(5);
    export.hf(&path).unwrap();
    assert!(!path.join("tokenizer.json").exists() && path.join("tokenizer_config.json").exists());
    let error = export.hf(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }) && error.path() == Some(&path), "{error}");
    assert_eq!(there(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir(folder.path("other")).unwrap();
        let mode = |name: &str| std::fs::metadata(folder.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("hf"), mode("other"));
    }
}

/// Readers find out which label a code stands for: in the vocabulary, which the trie holds too, and in the card.
#[test]
fn codes_from_labels_are_named() {
    let folder = Folder::new();
    let rows = [0.0, 1.0, 5.0, 6.0, 9.0, 2.0];
    let matrix = Matrix::new(&rows, 1).unwrap();
    let kinds = [Some("tea"), Some("tea"), Some("a|b<c>"), Some("a|b<c>"), None, Some("cup")];
    let labels = crate::Labels::new([("kind", kinds)]).unwrap();
    let fit = crate::LabelledFit::new(&labels).unknown(crate::UnknownLabel::Reserve);
    let model = RqKMeans::new(1, 2).fit_labelled(&matrix, &fit, &Device::cpu()).unwrap();
    let manifest = Manifest::new(&model.fingerprint(), 2, Resolver::default(), IdFormat::plain("-")).unwrap();
    let registry = Registry::new(MemoryStore::new(), manifest, &model.to_bytes().unwrap()).unwrap();
    let export = Export::new(&registry).first_token(10);
    export.vocabulary(folder.path("vocabulary.json")).unwrap();
    let vocabulary = json(&folder.path("vocabulary.json"));
    let first = &vocabulary["levels"][0];
    assert_eq!(first["column"], "kind");
    assert_eq!(first["labels"], serde_json::json!(["a|b<c>", "cup", "tea", null]));
    assert_eq!(vocabulary["levels"][1].get("labels"), None);
    export.hf(folder.path("hf")).unwrap();
    let card = std::fs::read_to_string(folder.path("hf").join("README.md")).unwrap();
    let table = "| `<a_0>` | a\\|b&lt;c> |\n| `<a_1>` | cup |\n| `<a_2>` | tea |\n| `<a_3>` | (unknown labels) |\n";
    assert!(card.contains("## Labels of level 1, from kind\n") && card.contains(table), "{card}");
}
