//! Tokens by a template in the files.

use super::*;
use crate::id::template::TokenTemplate;

#[test]
fn vocabularies_tell_the_template_and_the_marks() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0)];
    let registry = registry(Resolver::default(), &ids);
    let template = TokenTemplate::new("{code}\"{level1}>").unwrap().end("\u{e9}").unwrap().base(1).unwrap();
    let export = Export::new(&registry).template(template).first_token(7);
    let folder = Folder::new();
    let (vocabulary, added) = (folder.path("v.json"), folder.path("a.json"));
    export.vocabulary(&vocabulary).unwrap();
    export.added_tokens(&added).unwrap();
    let vocabulary = json(&vocabulary);
    assert_eq!((&vocabulary["format_version"], &vocabulary["base"]), (&2.into(), &1.into()));
    assert_eq!((&vocabulary["template"], &vocabulary["begin"]), (&"{code}\"{level1}>".into(), &Value::Null));
    assert_eq!(vocabulary["end"], serde_json::json!({ "token": "\u{e9}", "id": 7 }));
    assert_eq!(vocabulary["levels"][1], serde_json::json!({ "name": "2", "first": 11, "count": 4 }));
    let added = json(&added);
    assert_eq!((&added["\u{e9}"], &added["1\"1>"], &added["4\"2>"]), (&7.into(), &8.into(), &14.into()));
    assert_eq!((added.as_object().unwrap().len(), vocabulary["tokens"].as_u64()), (8, Some(8)));
    // The default template leaves the files as they were.
    let plain = folder.path("plain.json");
    Export::new(&registry).first_token(7).vocabulary(&plain).unwrap();
    let plain = json(&plain);
    assert!(plain["format_version"] == 1 && plain.get("template").is_none() && plain.get("end").is_none(), "{plain}");
}
