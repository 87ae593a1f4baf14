//! Refreshes a registry: gives it another model, and new IDs to items that gain by them.

use super::Registry;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result};
use crate::id::assign::{self, ItemBatch, Rules};
use crate::id::resolver::Resolver;
use crate::id::semantic_id::SemanticId;
use crate::id::store::{Manifest, Store, answers, transaction};

/// An item that is to get the ID of other codes.
pub(in crate::id) struct Planned<'a> {
    pub(in crate::id) item: &'a str,
    /// The ID that it had when the move was planned.
    pub(in crate::id) id: SemanticId,
    /// The codes of its new ID.
    pub(in crate::id) codes: Vec<u32>,
}

impl Registry {
    /// Puts another model in the place of the registry's own, for all namespaces of the store, in one transaction. The
    /// manifests keep the fingerprints of the models before. IDs stay as they are.
    ///
    /// The caller has made sure that the model is of the same code space.
    pub(in crate::id) fn adopt(&mut self, fingerprint: &str, model: &[u8]) -> Result<()> {
        let own = self.manifest.fingerprint().to_owned();
        self.manifest = transaction(&mut *self.store, |store| {
            let Some(manifest) = store.manifest()? else { return Err(ErrorKind::NoRegistry.into()) };
            // Another process may have given it the same model meanwhile, or yet another one.
            if manifest.fingerprint() == fingerprint {
                return Ok(manifest);
            }
            is_of(&manifest, &own)?;
            let adopted = manifest.adopting(fingerprint);
            let all = store.namespaces()?.into_iter().map(|(name, manifest)| (name, manifest.adopting(fingerprint)));
            store.replace_model(&all.collect::<Vec<_>>(), model)?;
            Ok(adopted)
        })?;
        Ok(())
    }

    /// Refuses registries that do not give an item exactly the codes that it is to have.
    pub(in crate::id) fn check_moves(&self) -> Result<()> {
        match self.manifest.resolver() {
            Resolver::Reassign { .. } => {
                let expected = "give new IDs to all changed items instead, or make a new registry: it moves items to \
                                free codes, so nobody knows what a new ID gains";
                Err(Error::parameter("resolver", "reassign", expected))
            }
            _ => Ok(()),
        }
    }

    /// Gives items new IDs and retires their old ones, all in one transaction: all of them, or none where `log`, which
    /// hears of them before they are committed, fails. Items whose IDs have changed since they were planned stay.
    ///
    /// Returns the place of every moved item in `planned`, with its new ID.
    pub(in crate::id) fn move_items(
        &mut self,
        planned: &[Planned<'_>],
        log: impl FnOnce(&[(usize, SemanticId)]) -> Result<()>,
    ) -> Result<Vec<(usize, SemanticId)>> {
        let rules = Rules { manifest: &self.manifest, shape: &self.shape, update_changed: true };
        transaction(&mut *self.store, |store| {
            check_model(store, rules.manifest)?;
            let items: Vec<&str> = planned.iter().map(|planned| planned.item).collect();
            let entries = answers(store.entries(&items)?, items.len())?;
            let same = |(place, entry): (usize, _)| {
                let entry: Option<crate::id::store::Entry> = entry;
                planned.get(place).filter(|planned| entry.is_some_and(|entry| entry.id == planned.id)).map(|_| place)
            };
            let places: Vec<usize> = entries.into_iter().enumerate().filter_map(same).collect();
            let of = |place: &usize| planned.get(*place);
            let items: Vec<&str> = places.iter().filter_map(of).map(|planned| planned.item).collect();
            let codes = places.iter().filter_map(of).flat_map(|planned| planned.codes.iter().copied()).collect();
            let codes = Codes::new(codes, rules.manifest.levels())?;
            let batch = ItemBatch { items: &items, codes: &codes, first_row: 0, geometry: None };
            let order = assign::check(rules.manifest, &batch)?;
            let assigned = assign::assign(store, &rules, &batch, &order, None)?;
            let ids = assigned.assignments.into_iter().map(|assignment| assignment.id);
            let moved: Vec<(usize, SemanticId)> = places.into_iter().zip(ids).collect();
            log(&moved)?;
            Ok(moved)
        })
    }
}

/// Refuses to write with the model of `manifest` where the store has another one by now.
pub(super) fn check_model(store: &dyn Store, manifest: &Manifest) -> Result<()> {
    match store.manifest()? {
        Some(now) => is_of(&now, manifest.fingerprint()),
        None => Ok(()),
    }
}

fn is_of(manifest: &Manifest, fingerprint: &str) -> Result<()> {
    match manifest.fingerprint() == fingerprint {
        true => Ok(()),
        false => {
            let (expected, found) = (manifest.fingerprint().to_owned(), fingerprint.to_owned());
            Err(ErrorKind::OtherModel { expected, found }.into())
        }
    }
}
