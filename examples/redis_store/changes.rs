//! What a transaction has changed so far, which only the writer sees.

use semid::registry::{Entry, Holder, Manifest, Record, SemanticId};
use std::collections::{BTreeMap, HashMap};

/// What is kept for an ID.
#[derive(Clone, Default)]
pub(crate) struct Held {
    /// Who has it; none: retired.
    pub(crate) item: Option<String>,
    /// What the encoder gave where that is not the ID's codes.
    pub(crate) encoded: Option<Vec<u32>>,
    /// Who had it, if it is retired and that is known.
    pub(crate) former: Option<String>,
}

impl Held {
    pub(crate) fn holder(self) -> Holder {
        self.item.map_or(Holder::Retired, Holder::Item)
    }

    pub(crate) fn record(self, id: SemanticId) -> Record {
        Record { item: self.item, entry: Entry { id, encoded: self.encoded }, former: self.former }
    }
}

/// IDs and items that are not, or not any more, as the server has them.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) manifest: Option<(Manifest, Vec<u8>)>,
    pub(crate) ids: BTreeMap<SemanticId, Held>,
    /// The entry of an item; none: removed.
    pub(crate) items: HashMap<String, Option<Entry>>,
}

impl Changes {
    pub(crate) fn insert(&mut self, Record { item, entry, former }: &Record) {
        let encoded = entry.encoded.clone().filter(|_| item.is_some());
        let former = former.clone().filter(|_| item.is_none());
        self.ids.insert(entry.id.clone(), Held { item: item.clone(), encoded, former });
        if let Some(item) = item {
            self.items.insert(item.clone(), Some(entry.clone()));
        }
    }

    pub(crate) fn retire(&mut self, item: &str, id: &SemanticId) {
        self.ids.insert(id.clone(), Held { former: Some(item.to_owned()), ..Held::default() });
        self.items.insert(item.to_owned(), None);
    }

    pub(crate) fn holder(&self, id: &SemanticId) -> Option<Holder> {
        Some(self.ids.get(id)?.clone().holder())
    }

    /// The first `limit` of the server's records with the changes in them.
    pub(crate) fn apply(
        &self,
        server: Vec<Record>,
        prefix: &[u32],
        after: Option<&SemanticId>,
        limit: usize,
    ) -> Vec<Record> {
        let mut all: BTreeMap<SemanticId, Record> = server.into_iter().map(|r| (r.entry.id.clone(), r)).collect();
        let first = SemanticId::new(prefix.to_vec(), 0);
        let from = after.map_or(&first, |after| after.max(&first));
        let below = self.ids.range(from.clone()..).take_while(|(id, _)| id.codes.starts_with(prefix));
        for (id, held) in below.filter(|(id, _)| after != Some(id)).take(limit) {
            all.insert(id.clone(), held.clone().record(id.clone()));
        }
        all.into_values().take(limit).collect()
    }
}
