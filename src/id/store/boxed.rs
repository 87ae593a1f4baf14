//! A store in a box is a store.

use super::{Entry, Holder, Manifest, Record, Store, UsedCodes};
use crate::error::Result;
use crate::id::semantic_id::SemanticId;

/// A boxed store is a store, for programs that learn while they run which kind they work with.
impl Store for Box<dyn Store> {
    fn manifest(&self) -> Result<Option<Manifest>> {
        (**self).manifest()
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        (**self).model()
    }

    fn namespace(&self) -> &str {
        (**self).namespace()
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        (**self).use_namespace(name)
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        (**self).namespaces()
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        (**self).snapshot()
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        (**self).set_manifest(manifest, model)
    }

    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        (**self).replace_model(manifests, model)
    }

    fn begin(&mut self) -> Result<()> {
        (**self).begin()
    }

    fn commit(&mut self) -> Result<()> {
        (**self).commit()
    }

    fn rollback(&mut self) -> Result<()> {
        (**self).rollback()
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        (**self).entries(items)
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        (**self).holders(ids)
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        (**self).insert(records)
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        (**self).retire(items)
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        (**self).scan(prefix, after, limit)
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        (**self).used(codes)
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        (**self).retired(pairs)
    }

    fn used_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        (**self).used_below(prefixes)
    }

    fn count(&self, prefix: &[u32]) -> Result<u64> {
        (**self).count(prefix)
    }

    fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        (**self).children(prefix)
    }
}
