//! Where token ids begin.

use super::*;

#[test]
fn files_with_token_ids_need_the_first_one() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0)];
    let registry = registry(Resolver::default(), &ids);
    let folder = Folder::new();
    let path = folder.path("out");
    let export = Export::new(&registry);
    for result in [export.trie(&path), export.vocabulary(&path), export.added_tokens(&path)] {
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "first_token", .. }), "{error}");
        assert!(error.to_string().contains("ids from 0 would be those of its own tokens"), "{error}");
        assert!(!path.exists());
    }
    export.index(&path).unwrap(); // names alone
    // Whoever wants ids from 0 says so.
    assert_eq!(Export::new(&registry).first_token(0).tokens().unwrap().iter().next(), Some(("<a_0>".to_owned(), 0)));
}

#[test]
fn a_tokenizer_says_the_first_id_and_keeps_its_own_tokens() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0)];
    let registry = registry(Resolver::default(), &ids);
    let folder = Folder::new();
    let path = folder.path("tokenizer.json");
    let tokenizer = |vocab: Value| {
        std::fs::write(&path, serde_json::json!({ "model": { "vocab": vocab } }).to_string()).unwrap();
        BaseTokenizer::open(&path).unwrap()
    };
    let of_two = tokenizer(serde_json::json!({ "a": 0, "b": 1 }));
    assert_eq!(Export::new(&registry).tokenizer(&of_two).tokens().unwrap().id(0, 0), Some(2));
    let added = folder.path("added_tokens.json");
    Export::new(&registry).tokenizer(&of_two).added_tokens(&added).unwrap();
    assert_eq!(json(&added)["<b_3>"], 2 + 3 + 3);
    let of_ids = tokenizer(serde_json::json!({ "a": 0, "<b_3>": 1 }));
    let error = Export::new(&registry).tokenizer(&of_ids).trie(folder.path("trie.safetensors")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Format { .. }), "{error}");
    assert!(error.to_string().contains("<b_3>") && error.path() == Some(&path), "{error}");
}
