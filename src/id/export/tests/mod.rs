//! Reads exports back with other tools and compares them with a plain list of what was registered.

mod hf;
mod sids;
mod templates;
mod token_ids;

use super::*;
use crate::error::ErrorKind;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::semantic_id::SemanticId;
use crate::id::store::{Entry, Manifest, MemoryStore, Store, transaction};
use crate::io::testing::Folder;
use crate::{Device, Matrix, RqKMeans};
use proptest::prelude::*;
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const CLUSTERS: [usize; 2] = [3, 4];

/// Makes a model file with that many clusters per level.
static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let values: Vec<f32> = (0..200).map(|i| ((i * i) % 83) as f32).collect();
    let params = RqKMeans::new(2, CLUSTERS.to_vec()).max_iter(1);
    params.fit(&Matrix::new(&values, 4).unwrap(), &Device::reference()).unwrap().to_bytes().unwrap()
});

/// Item keys (none for retired IDs) with codes and suffix.
pub(super) type Ids = Vec<(Option<String>, [u32; 2], u64)>;

pub(super) fn registry(resolver: Resolver, ids: &Ids) -> Registry {
    let manifest = Manifest::new("fingerprint", 2, resolver, IdFormat::plain("-")).unwrap();
    let mut store: Box<dyn Store> = Box::new(MemoryStore::new());
    transaction(&mut *store, |store| {
        store.set_manifest(&manifest, &MODEL)?;
        let record = |(item, codes, suffix): &(Option<String>, [u32; 2], u64)| Record {
            item: item.clone(),
            entry: Entry::new(SemanticId::new(codes.to_vec(), *suffix)),
            former: None,
        };
        store.insert(&ids.iter().map(record).collect::<Vec<_>>())
    })
    .unwrap();
    Registry::from_box(store).unwrap()
}

/// Makes IDs with suffixes as a registry would give them, some of them retired.
pub(super) fn any_ids() -> impl Strategy<Value = Ids> {
    let id = (0..3_u32, 0..4_u32, any::<bool>(), "[a-z\"\\\\ \u{e9}\u{2192}\n]{0,3}");
    prop::collection::vec(id, 0..40).prop_map(|ids| {
        let mut used: BTreeMap<[u32; 2], u64> = BTreeMap::new();
        let give = |(i, (a, b, retired, key)): (usize, (u32, u32, bool, String))| {
            let used = used.entry([a, b]).or_default();
            *used += 1;
            ((!retired).then(|| format!("{key}{i}")), [a, b], *used - 1)
        };
        ids.into_iter().enumerate().map(give).collect()
    })
}

/// Resolvers whose IDs are tokens, and whether they always have a suffix.
const RESOLVERS: [(Resolver, bool); 2] =
    [(Resolver::Suffix { always: false }, false), (Resolver::Suffix { always: true }, true)];

/// Computes the expected paths of the items by another formula, as (level, number) per token.
fn expected(ids: &Ids, always: bool) -> BTreeMap<String, Vec<(usize, u64)>> {
    let path = |[a, b]: [u32; 2], suffix| {
        let mut path = vec![(0, u64::from(a)), (1, u64::from(b))];
        if always || suffix > 0 {
            path.push((2, suffix));
        }
        path
    };
    ids.iter().filter_map(|(item, codes, suffix)| Some((item.clone()?, path(*codes, *suffix)))).collect()
}

fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn suffixes(ids: &Ids, always: bool) -> u64 {
    let most = ids.iter().map(|(_, _, suffix)| suffix + 1).max().unwrap_or(0);
    if always {
        most.max(1)
    } else if most < 2 {
        0
    } else {
        most
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_index_names_every_token(ids in any_ids(), base in 0..2_u32) {
        for (resolver, always) in RESOLVERS {
            let folder = Folder::new();
            let path = folder.path("index.json");
            let exported = Export::new(&registry(resolver, &ids)).base(base).index(&path).unwrap();
            let name = |(level, number)| format!("<{}_{}>", ["a", "b", "c"][level], number + u64::from(base));
            let named = expected(&ids, always).into_iter();
            let expected: BTreeMap<_, Vec<_>> =
                named.map(|(item, path)| (item, path.into_iter().map(name).collect())).collect();
            prop_assert_eq!(exported.items, Some(expected.len() as u64));
            prop_assert_eq!(json(&path), serde_json::to_value(expected).unwrap());
        }
    }

    #[test]
    fn added_tokens_are_the_vocabulary_one_after_the_other(ids in any_ids(), base in 0..2_u32, first in 0..99_u64) {
        for (resolver, always) in RESOLVERS {
            let folder = Folder::new();
            let registry = registry(resolver, &ids);
            let export = Export::new(&registry).base(base).first_token(first);
            let exported = export.vocabulary(folder.path("v.json")).unwrap();
            prop_assert_eq!(export.added_tokens(folder.path("a.json")).unwrap(), exported);
            let (vocabulary, added) = (json(&folder.path("v.json")), json(&folder.path("a.json")));

            let counts = [("a", 3), ("b", 4), ("c", suffixes(&ids, always))];
            let token = |name: &str, code: u64| format!("<{name}_{}>", code + u64::from(base));
            let names = counts.iter().flat_map(|(name, count)| (0..*count).map(move |code| token(name, code)));
            let expected: BTreeMap<String, u64> = names.zip(first..).collect();
            prop_assert_eq!(exported.tokens, Some(expected.len() as u64));
            prop_assert_eq!(added, serde_json::to_value(expected).unwrap());
            let levels = if counts[2].1 > 0 { 3 } else { 2 };
            let mut next = first;
            for ((name, count), level) in counts.iter().take(levels).zip(vocabulary["levels"].as_array().unwrap()) {
                prop_assert_eq!(level, &serde_json::json!({ "name": name, "first": next, "count": count }));
                next += count;
            }
            prop_assert_eq!(vocabulary["levels"].as_array().map(Vec::len), Some(levels));
            prop_assert_eq!(vocabulary["suffix"].as_bool(), Some(levels == 3));
        }
    }

    #[test]
    fn walking_the_trie_gives_every_registered_id_and_no_other(ids in any_ids(), first in 0..99_u64) {
        for (resolver, always) in RESOLVERS {
            let folder = Folder::new();
            let path = folder.path("trie.safetensors");
            let exported = Export::new(&registry(resolver, &ids)).first_token(first).trie(&path).unwrap();
            let offsets = [0, 3, 7];
            let token = |(level, number): (usize, u64)| (first + offsets[level] + number) as i64;
            let paths = expected(&ids, always).into_iter();
            let expected: BTreeMap<String, Vec<i64>> =
                paths.map(|(item, path)| (item, path.into_iter().map(token).collect())).collect();
            prop_assert_eq!(exported.items, Some(expected.len() as u64));
            prop_assert_eq!(walk(&std::fs::read(&path).unwrap()), expected);
        }
    }
}

/// Reads the items of a trie file with their tokens.
fn walk(bytes: &[u8]) -> BTreeMap<String, Vec<i64>> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let numbers = |name: &str| -> Vec<i64> {
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), safetensors::Dtype::I64);
        tensor.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
    };
    let [indptr, tokens, children, items, offsets] =
        ["indptr", "tokens", "children", "items", "item_offsets"].map(numbers);
    let keys = file.tensor("item_keys").unwrap().data();
    let mut all = BTreeMap::new();
    let mut depths = vec![0];
    let mut nodes = vec![(0_usize, Vec::new())];
    while let Some((node, path)) = nodes.pop() {
        if let Ok(item) = usize::try_from(items[node]) {
            let key = &keys[offsets[item] as usize..offsets[item + 1] as usize];
            assert_eq!(all.insert(String::from_utf8(key.to_vec()).unwrap(), path.clone()), None);
        }
        let edges = indptr[node] as usize..indptr[node + 1] as usize;
        assert!(tokens[edges.clone()].is_sorted_by(|a, b| a < b));
        for edge in edges {
            let child = children[edge] as usize;
            assert!(child > node);
            depths.resize(depths.len().max(child + 1), 0);
            depths[child] = path.len() + 1;
            nodes.push((child, [&path[..], &[tokens[edge]]].concat()));
        }
    }
    assert_eq!((depths.len(), items.len()), (items.len(), indptr.len() - 1));
    assert!(depths.is_sorted(), "not breadth first");
    all
}

#[test]
fn ids_are_written_as_text_whatever_the_resolver() {
    let ids: Ids = vec![
        (Some("x".into()), [2, 1], 0),
        (None, [0, 3], 0),
        (Some("y,z".into()), [0, 3], 1),
        (Some("w".into()), [0, 2], 0),
    ];
    let folder = Folder::new();
    let path = folder.path("ids.csv");
    for (resolver, text) in [
        (Resolver::default(), "item,id\nw,0-2\n\"y,z\",0-3-1\nx,2-1\n"),
        (Resolver::ItemId, "item,id\nw,0-2-w\n\"y,z\",\"0-3-y,z\"\nx,2-1-x\n"),
    ] {
        assert_eq!(Export::new(&registry(resolver, &ids)).ids(&path).unwrap().items, Some(3));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_no_file() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0)];
    let folder = Folder::new();
    let path = folder.path("out");
    let refused = |export: Export<'_>, name: &str| {
        let export = &export;
        let of_path = |result: Result<Exported>| result.unwrap_err().into_kind();
        let mut errors =
            vec![of_path(export.trie(&path)), of_path(export.vocabulary(&path)), of_path(export.added_tokens(&path))];
        if name != "first_token" {
            errors.push(of_path(export.index(&path)));
        }
        for error in errors {
            assert!(matches!(error, ErrorKind::Parameter { name: found, .. } if found == name), "{error}");
        }
    };
    refused(Export::new(&registry(Resolver::ItemId, &ids)).first_token(0), "resolver");
    let suffix = registry(Resolver::default(), &ids);
    refused(Export::new(&suffix).first_token(0).base(2), "base");
    for first in [u64::MAX, (1 << 63) - 6] {
        refused(Export::new(&suffix).first_token(first), "first_token");
    }
    assert!(Export::new(&suffix).first_token((1 << 63) - 8).trie(&path).is_ok());
    std::fs::remove_file(&path).unwrap();

    let cancel = |_| Err(ErrorKind::Cancelled.into());
    let many: Ids = (0..5000).map(|suffix| (Some(format!("{suffix}")), [0, 0], suffix)).collect();
    let many = registry(Resolver::default(), &many);
    let error = Export::new(&many).watch(&cancel).index(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");

    let unknown_code = registry(Resolver::default(), &vec![(Some("x".into()), [2, 4], 0)]);
    let error = Export::new(&unknown_code).first_token(0).trie(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}
