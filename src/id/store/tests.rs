use super::*;
use crate::error::ErrorKind;
use crate::id::{IdFormat, Resolver, TokenTemplate};

#[test]
fn stores_conform() {
    conformance::check(MemoryStore::new);
    conformance::check(|| Defaults(MemoryStore::new()));
    conformance::check(|| -> Box<dyn Store> { Box::new(MemoryStore::new()) });
}

/// A store that implements the required methods only.
struct Defaults(MemoryStore);

impl Store for Defaults {
    fn manifest(&self) -> Result<Option<Manifest>> {
        self.0.manifest()
    }
    fn model(&self) -> Result<Option<Vec<u8>>> {
        self.0.model()
    }
    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.0.set_manifest(manifest, model)
    }
    fn begin(&mut self) -> Result<()> {
        self.0.begin()
    }
    fn commit(&mut self) -> Result<()> {
        self.0.commit()
    }
    fn rollback(&mut self) -> Result<()> {
        self.0.rollback()
    }
    fn snapshot(&self) -> Result<Box<dyn Store>> {
        self.0.snapshot()
    }
    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        self.0.entries(items)
    }
    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        self.0.holders(ids)
    }
    fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.0.insert(records)
    }
    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        self.0.retire(items)
    }
    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        // Pages are short, so that the provided methods have to read several.
        self.0.scan(prefix, after, limit.min(PAGE))
    }
}

#[test]
fn defaults_read_more_than_a_page() {
    let mut store = Defaults(MemoryStore::new());
    let len = 2 * PAGE as u64 + 3;
    store.begin().unwrap();
    let record = |i| Record::new(format!("{i}"), Entry::new(SemanticId::new(vec![i as u32 % 3], i / 3)));
    store.insert(&(0..len).map(record).collect::<Vec<_>>()).unwrap();
    store.commit().unwrap();
    assert_eq!(store.count(&[]).unwrap(), len);
    assert_eq!(store.children(&[]).unwrap().iter().map(|(_, count)| count).sum::<u64>(), len);
    assert_eq!(store.used(&[&[2]]).unwrap(), [len / 3]);
}

fn manifest(resolver: Resolver, format: IdFormat) -> Manifest {
    Manifest::new("f", 2, resolver, format).unwrap()
}

fn template() -> IdFormat {
    let template = TokenTemplate::new("<s_{level1}_{code}>").unwrap().base(1).unwrap();
    IdFormat::tokens(template.begin("<|sid_begin|>").unwrap().end("<|sid_end|>").unwrap())
}

#[test]
fn manifests_with_a_template_are_of_version_2_and_others_of_version_1() {
    let version = |format| manifest(Resolver::default(), format).to_map()["format_version"].clone();
    assert_eq!([IdFormat::plain("-"), IdFormat::token(), template()].map(version), ["1", "1", "2"]);
    let map = manifest(Resolver::default(), template()).to_map();
    assert_eq!(Manifest::from_map(&map).unwrap().text().format().template(), template().template());
    for (key, value) in [("template", "<s>"), ("base", "2"), ("begin", ""), ("end", "<s_1_5>")] {
        let mut map = map.clone();
        map.insert(key.into(), value.into());
        let error = Manifest::from_map(&map).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{key} {value}: {error}");
    }
    // A registry whose tokens differ in a mark is another one.
    let other =
        manifest(Resolver::default(), IdFormat::tokens(template().template().unwrap().clone().end("</s>").unwrap()));
    let error = other.check(&Manifest::from_map(&map).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherRegistry { setting: "end", .. }), "{error}");
}

#[test]
fn manifests_of_every_setting_come_back() {
    for resolver in [Resolver::default(), Resolver::Suffix { always: true }, Resolver::ItemId, Resolver::reassign()] {
        for format in [IdFormat::plain("-"), IdFormat::plain(" / "), IdFormat::token(), template()] {
            if resolver == Resolver::ItemId && format.template().is_some_and(|template| !template.is_plain()) {
                continue; // item keys need the default template
            }
            let manifest = manifest(resolver, format);
            let back = Manifest::from_map(&manifest.to_map()).unwrap();
            assert_eq!((back.resolver(), back.to_map()), (resolver, manifest.to_map()));
        }
    }
}

#[test]
fn a_manifest_that_makes_no_sense_is_damaged_and_a_newer_one_newer() {
    let good = manifest(Resolver::reassign(), IdFormat::plain("-")).to_map();
    let bad = [
        ("format_version", "0"),
        ("format_version", "one"),
        ("levels", "0"),
        ("levels", "-3"),
        ("levels", "257"),
        ("levels", "4000000000"),
        ("resolver", "best"),
        ("capacity", "0"),
        ("text", "prose"),
        ("separator", ""),
        ("separator", "7"),
    ];
    for (key, value) in bad {
        let mut map = good.clone();
        map.insert(key.into(), value.into());
        let error = Manifest::from_map(&map).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{key} {value}: {error}");
    }
    for key in good.keys().filter(|key| *key != "capacity") {
        let mut map = good.clone();
        map.remove(key);
        let error = Manifest::from_map(&map).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{key}: {error}");
    }
    let mut map = good;
    map.insert("format_version".into(), "3".into());
    let error = Manifest::from_map(&map).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NewerRegistry { supported: 2, .. }), "{error}");
}
