//! Registries in several namespaces of one store.

use super::*;
use crate::id::{IdFormat, Registry, Resolver, TokenTemplate};
use crate::registry::MemoryStore;

fn manifest(model: &str, format: IdFormat) -> Manifest {
    Manifest::new(model, 2, Resolver::default(), format).unwrap()
}

fn tokens(template: &str) -> IdFormat {
    IdFormat::tokens(TokenTemplate::new(template).unwrap())
}

#[test]
fn names_have_few_characters() {
    for good in ["", "goods", "A.b-c_9", "7", &"n".repeat(64)] {
        MemoryStore::new().in_namespace(good).unwrap();
    }
    for bad in ["a b", "\u{e9}", "a/b", "{namespace}", "a\n", "\0", "<", &"n".repeat(65)] {
        let error = MemoryStore::new().in_namespace(bad).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "namespace", .. }), "{bad}: {error}");
    }
}

/// Two registries of two namespaces in one store, one after the other.
fn pair(first: (&str, Manifest), second: (&str, Manifest)) -> Result<Registry> {
    let mut store = MemoryStore::new();
    for (name, manifest) in [&first, &second] {
        store = store.in_namespace(name)?;
        store.begin()?;
        check_beside(&store, manifest)?;
        store.set_manifest(manifest, b"")?;
        store.commit()?;
    }
    Registry::open(store)
}

#[test]
fn all_namespaces_have_one_model() {
    let plain = || IdFormat::plain("-");
    assert!(pair(("a", manifest("one", plain())), ("b", manifest("one", plain()))).is_ok());
    let error = pair(("a", manifest("one", plain())), ("b", manifest("two", plain()))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherModel { expected, found } if expected == "one" && found == "two"));
    // A model of the same fingerprint stays as it is.
    let store = MemoryStore::new();
    let first = Registry::new(store, manifest("one", plain()), b"first").unwrap();
    let mut store = first.store().snapshot().unwrap();
    store.use_namespace("b").unwrap();
    assert_eq!(store.model().unwrap().as_deref(), Some(b"first".as_slice()));
}

#[test]
fn a_forgotten_name_is_noticed() {
    let error = pair(("goods", manifest("one", IdFormat::token())), ("", manifest("one", IdFormat::token())));
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoNamespace { known, .. } if *known == ["goods"]), "{error}");
    let registry =
        Registry::new(MemoryStore::new().in_namespace("goods").unwrap(), manifest("", tokens("<{level}{code}>")), b"");
    let error = registry.unwrap().snapshot_of("videos").unwrap_err();
    assert_eq!(error.to_string(), "the registry has no namespace `videos`; name one of `goods`");
    let error = Registry::open(MemoryStore::new().in_namespace("videos").unwrap()).unwrap_err();
    assert!(error.to_string().contains("no namespace `videos`"), "{error}");
    assert!(matches!(Registry::open(MemoryStore::new()).unwrap_err().kind(), ErrorKind::NoRegistry));
}

#[test]
fn tokens_of_two_namespaces_are_the_same_or_none_is() {
    let base = |base| IdFormat::tokens(TokenTemplate::default().base(base).unwrap());
    let begin = IdFormat::tokens(TokenTemplate::default().begin("<|goods|>").unwrap());
    let good = [
        (IdFormat::token(), IdFormat::token()),
        (IdFormat::token(), IdFormat::plain("-")),
        (IdFormat::token(), begin),
        (tokens("<goods_{level}_{code}>"), tokens("<videos_{level}_{code}>")),
        (tokens("<goods_{level}_{code}>"), tokens("<goods2_{level}_{code}>")),
        (tokens("<{level}_{code}>"), tokens("<{level0}_{code}>")),
        // Only levels after the 600th are called xa, xb and so on.
        (tokens("<{level}_{code}>"), tokens("<x{level}_{code}>")),
    ];
    for (a, b) in good {
        for (a, b) in [(&a, &b), (&b, &a)] {
            let made = pair(("a", manifest("", a.clone())), ("b", manifest("", b.clone())));
            assert!(made.is_ok(), "{a:?} {b:?}: {made:?}");
        }
    }
    let bad = [
        (base(0), base(1)),
        (tokens("<{level0}_{code}>"), tokens("<{level1}_{code}>")),
        (tokens("<{level}_{code}>"), tokens("<{level}_1{code}>")),
        (tokens("<{code}_{level}>"), tokens("<7{code}_{level}>")),
    ];
    for (a, b) in bad {
        for (a, b) in [(&a, &b), (&b, &a)] {
            let error = pair(("a", manifest("", a.clone())), ("b", manifest("", b.clone()))).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Parameter { .. }), "{a:?} {b:?}: {error}");
        }
    }
}

/// Whether two templates have a common token is decided as by writing all tokens of small codes down.
#[test]
fn confusion_is_that_of_the_tokens_written_down() {
    let texts = [
        "<{level}_{code}>",
        "<{level0}_{code}>",
        "<{level1}_{code}>",
        "<a{level}_{code}>",
        "<{code}_{level}>",
        "<{code}_b{level}>",
        "{level}_{code}.",
        "{level}_1{code}.",
        "<1{code}_{level}>",
        "<{level}-{code}_b>",
    ];
    let all: Vec<TokenTemplate> = texts.iter().map(|text| TokenTemplate::new(text).unwrap()).collect();
    let written = |template: &TokenTemplate| -> std::collections::HashSet<String> {
        (0..30).flat_map(|level| (0..130).map(move |code| (level, code))).map(|(l, c)| template.token(l, c)).collect()
    };
    let written: Vec<_> = all.iter().map(written).collect();
    let mut confused = 0;
    for (a, of_a) in all.iter().zip(&written) {
        for (b, of_b) in all.iter().zip(&written).filter(|(b, _)| *b != a) {
            assert_eq!(a.confuses(b, 30), !of_a.is_disjoint(of_b), "{a} {b}");
            confused += usize::from(a.confuses(b, 30));
        }
    }
    assert!(confused >= 8, "{confused}");
}

#[cfg(feature = "sqlite")]
#[test]
fn shared_tokens_have_one_vocabulary_and_separate_ones_have_none_in_common() {
    use crate::codes::Codes;
    use crate::id::Export;
    use crate::registry::SemanticId;

    use crate::{Device, Matrix, RqKMeans};
    let values: Vec<f32> = (0..400).map(|i| ((i * i) % 251) as f32).collect();
    let rows = Matrix::new(&values, 4).unwrap();
    let model = RqKMeans::new(2, 8).fit(&rows, &Device::cpu()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let registry = |name: &str, format: IdFormat, equal: usize| {
        let store = crate::registry::SqliteStore::open(dir.path().join("ids.db")).unwrap().in_namespace(name).unwrap();
        let manifest = Manifest::new(&model.fingerprint(), 2, Resolver::default(), format).unwrap();
        let mut registry = Registry::new(store, manifest, &model.to_bytes().unwrap()).unwrap();
        let items: Vec<String> = (0..equal).map(|item| item.to_string()).collect();
        registry.assign(&items, &Codes::new([3, 5].repeat(equal), 2).unwrap()).unwrap();
        registry
    };
    let goods = registry("goods", IdFormat::token(), 2);
    let videos = registry("videos", IdFormat::token(), 5);
    let books = registry("books", tokens("<books_{level}_{code}>"), 9);
    assert_eq!(goods.id("1").unwrap(), Some(SemanticId::new(vec![3, 5], 1)));
    assert_eq!(goods.text(&SemanticId::new(vec![3, 5], 1), ""), videos.text(&SemanticId::new(vec![3, 5], 1), ""));
    let vocabulary = |registry| Export::new(registry).first_token(0).tokens().unwrap();
    assert_eq!(vocabulary(&goods), vocabulary(&videos));
    assert_eq!(vocabulary(&goods).len(), 8 + 8 + 5, "the suffixes that videos need");
    let names = |registry| vocabulary(registry).iter().map(|(name, _)| name).collect::<Vec<_>>();
    let (shared, separate) = (names(&goods), names(&books));
    assert_eq!(separate.len(), 8 + 8 + 9);
    assert!(!separate.iter().any(|name| shared.contains(name)));
    assert!(books.find(&goods.text(&SemanticId::new(vec![3, 5], 1), "")).is_err());
}
