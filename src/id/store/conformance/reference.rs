//! A store as a list that is searched from one end to the other.

use super::super::{Entry, Holder, Record, Store, single};
use super::{CODES, One, id, record};
use crate::id::semantic_id::SemanticId;
use std::collections::BTreeMap;

/// A linear congruential generator; any generator would do.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn code(&mut self) -> u32 {
        CODES.get(self.below(CODES.len() as u64) as usize).copied().unwrap_or_default()
    }

    /// Draws one of a few IDs, so that most come up again.
    fn id(&mut self) -> SemanticId {
        id(&[self.code(), self.code(), self.code() % 3], self.below(3))
    }

    fn item(&mut self) -> String {
        format!("item {}", self.below(60))
    }
}

/// All records, in no order.
#[derive(Clone, Debug, Default)]
pub(super) struct Reference(Vec<Record>);

impl Reference {
    /// Makes one random change here and in the store, or asserts that the store refuses it.
    pub(super) fn change(&mut self, store: &mut dyn Store, random: &mut Random) {
        let item = random.item();
        if random.below(4) == 0 {
            let record = self.0.iter_mut().find(|record| record.item.as_ref() == Some(&item));
            let retired = record.map(|record| {
                *record = Record { item: None, entry: Entry::new(record.entry.id.clone()), former: record.item.take() };
                record.entry.id.clone()
            });
            assert_eq!(store.take(&item).expect("retire"), retired, "retire {item}");
            return;
        }
        let item = (random.below(8) > 0).then_some(item);
        let encoded = (item.is_some() && random.below(2) == 0).then(|| random.id().codes);
        let entry = Entry { id: random.id(), encoded };
        let taken = |record: &Record| record.entry.id == entry.id || (item.is_some() && record.item == item);
        let taken = self.0.iter().any(taken);
        let inserted = store.put(item.as_deref(), &entry);
        assert_eq!(inserted.is_err(), taken, "insert {item:?} {entry:?}: {inserted:?}");
        if !taken {
            self.0.push(record(item.as_deref(), &entry));
        }
    }

    /// Compares the answers of every reading method.
    pub(super) fn compare(&self, store: &dyn Store, random: &mut Random) {
        for _ in 0..6 {
            let (item, id) = (random.item(), random.id());
            let of_item = self.0.iter().find(|record| record.item.as_ref() == Some(&item));
            assert_eq!(store.entry(&item).expect("entry"), of_item.map(|record| record.entry.clone()), "entry {item}");
            let holder = match self.0.iter().find(|record| record.entry.id == id) {
                None => Holder::Free,
                Some(record) => record.item.clone().map_or(Holder::Retired, Holder::Item),
            };
            assert_eq!(store.holder(&id).expect("holder"), holder, "holder {id:?}");
        }
        self.compare_retired(store, random);
        let codes = random.id().codes;
        (0..=codes.len()).for_each(|len| self.compare_below(store, codes.get(..len).unwrap_or_default(), random));
    }

    fn compare_below(&self, store: &dyn Store, prefix: &[u32], random: &mut Random) {
        let mut all: Vec<&Record> = self.0.iter().filter(|record| record.entry.id.codes.starts_with(prefix)).collect();
        all.sort_by_key(|record| &record.entry.id);
        let (after, limit) = ((random.below(2) == 0).then(|| random.id()), random.below(9) as usize);
        let page = all.iter().filter(|record| after.as_ref().is_none_or(|after| record.entry.id > *after)).take(limit);
        let page: Vec<Record> = page.copied().cloned().collect();
        assert_eq!(store.scan(prefix, after.as_ref(), limit).expect("scan"), page, "{prefix:?} {after:?} {limit}");

        let mut used: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
        let mut children: BTreeMap<u32, u64> = BTreeMap::new();
        for record in &all {
            let id = &record.entry.id;
            let most = used.entry(id.codes.clone()).or_default();
            *most = (*most).max(id.suffix + 1);
            if let Some(code) = id.codes.get(prefix.len()).filter(|_| record.item.is_some()) {
                *children.entry(*code).or_default() += 1;
            }
        }
        let count = all.iter().filter(|record| record.item.is_some()).count() as u64;
        assert_eq!(store.count(prefix).expect("count"), count, "count {prefix:?}");
        assert_eq!(store.children(prefix).expect("children"), Vec::from_iter(children), "children {prefix:?}");
        if prefix.len() == 3 {
            let of_prefix = used.get(prefix).copied().unwrap_or_default();
            assert_eq!(store.used(&[prefix]).expect("used"), [of_prefix], "used {prefix:?}");
        }
        let below = single(store.used_below(&[prefix]).expect("used_below")).expect("one answer");
        assert_eq!(below, Vec::from_iter(used), "used_below {prefix:?}");
    }

    /// Compares the retired IDs of some items, with codes at which they had some and with other codes.
    fn compare_retired(&self, store: &dyn Store, random: &mut Random) {
        let retired: Vec<&Record> = self.0.iter().filter(|record| record.former.is_some()).collect();
        for _ in 0..4 {
            let (mut item, mut codes) = (random.item(), random.id().codes);
            if let Some(record) = retired.get(random.below(retired.len() as u64 + 1) as usize) {
                codes.clone_from(&record.entry.id.codes);
                item = record.former.clone().filter(|_| random.below(4) > 0).unwrap_or(item);
            }
            let of_item = retired.iter().filter(|r| r.former.as_ref() == Some(&item) && r.entry.id.codes == codes);
            let mut suffixes: Vec<u64> = of_item.map(|record| record.entry.id.suffix).collect();
            suffixes.sort_unstable();
            assert_eq!(store.retired(&[(&codes, &item)]).expect("retired"), [suffixes], "retired {codes:?} {item}");
        }
    }
}
