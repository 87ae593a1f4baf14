//! What a transaction has changed so far, which only the writer sees.

use semid::{Entry, Holder, Manifest, Record, SemanticId};
use std::collections::{BTreeMap, HashMap};

/// An item, and what the encoder gave where that is not its ID's codes.
pub(crate) type Held = (String, Option<Vec<u32>>);

/// IDs and items that are not, or not any more, as the server has them.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) manifest: Option<(Manifest, Vec<u8>)>,
    /// Who has an ID; none: retired.
    pub(crate) ids: BTreeMap<SemanticId, Option<Held>>,
    /// The entry of an item; none: removed.
    pub(crate) items: HashMap<String, Option<Entry>>,
}

impl Changes {
    pub(crate) fn insert(&mut self, item: Option<&str>, entry: &Entry) {
        let held = item.map(|item| (item.to_owned(), entry.encoded.clone()));
        self.ids.insert(entry.id.clone(), held);
        if let Some(item) = item {
            self.items.insert(item.to_owned(), Some(entry.clone()));
        }
    }

    pub(crate) fn retire(&mut self, item: &str, id: &SemanticId) {
        self.ids.insert(id.clone(), None);
        self.items.insert(item.to_owned(), None);
    }

    pub(crate) fn holder(&self, id: &SemanticId) -> Option<Holder> {
        let held = self.ids.get(id)?;
        Some(held.as_ref().map_or(Holder::Retired, |(item, _)| Holder::Item(item.clone())))
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
            let (item, encoded) = held.clone().unzip();
            let entry = Entry { id: id.clone(), encoded: encoded.flatten() };
            all.insert(id.clone(), Record { item, entry });
        }
        all.into_values().take(limit).collect()
    }
}
