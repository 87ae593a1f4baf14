//! The statements, prepared once per connection.

use super::codec::{decode, encode, end};
use super::error::typed;
use super::{Entry, Holder, Record, SqliteStore};
use crate::error::{Error, ErrorKind, Result};
use crate::id::semantic_id::SemanticId;
use rusqlite::{ErrorCode, OptionalExtension, Params, Row, params};

/// A page of records: a range of the primary key.
pub(super) const SCAN: &str = "SELECT codes, suffix, encoded, item, former FROM ids
    WHERE (codes, suffix) > (?1, ?2) AND codes < ?3 ORDER BY codes, suffix LIMIT ?4";

/// The entry of an item.
///
/// The index `items` has the ID in it; only for moved items, which few are, the record is read as well. That it is not
/// read for others makes look-ups more than twice as fast.
pub(super) const ENTRY: &str = "SELECT codes, suffix, \
    (SELECT m.encoded FROM ids AS m INDEXED BY moved WHERE m.item = ids.item AND m.encoded IS NOT NULL) \
    FROM ids INDEXED BY items WHERE item = ?1";

/// The retired IDs of an item with some codes.
pub(super) const RETIRED: &str = "SELECT suffix FROM ids WHERE former = ?1 AND codes = ?2 ORDER BY suffix";

impl SqliteStore {
    /// An error with the place of the database.
    pub(super) fn at(&self, error: Error) -> Error {
        error.at(&self.path)
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        self.at(typed(error))
    }

    pub(super) fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| self.failed(error))
    }

    pub(super) fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        statement.execute(params).map_err(|error| self.failed(error))
    }

    /// The first row, if there is one.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        statement.query_row(params, read).optional().map_err(|error| self.failed(error))
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let rows = statement.query_map(params, read).and_then(Iterator::collect);
        rows.map_err(|error| self.failed(error))
    }

    pub(super) fn find_entry(&self, item: &str) -> Result<Option<Entry>> {
        let found = self.row(ENTRY, [item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        found.map(|found| self.entry_of(found)).transpose()
    }

    pub(super) fn find_holder(&self, id: &SemanticId) -> Result<Holder> {
        let (Some(codes), Ok(suffix)) = (encode(&id.codes), i64::try_from(id.suffix)) else { return Ok(Holder::Free) };
        let sql = "SELECT item FROM ids WHERE codes = ?1 AND suffix = ?2";
        Ok(match self.row(sql, params![codes, suffix], |row| row.get(0))? {
            None => Holder::Free,
            Some(None) => Holder::Retired,
            Some(Some(item)) => Holder::Item(item),
        })
    }

    pub(super) fn insert_record(&self, item: Option<&str>, entry: &Entry) -> Result<()> {
        let (codes, encoded) = (stored(&entry.id.codes)?, entry.encoded.as_deref().map(stored).transpose()?);
        let suffix = i64::try_from(entry.id.suffix);
        let suffix = suffix.map_err(|_| Error::parameter("suffix", entry.id.suffix, "below 2^63"))?;
        let sql = "INSERT INTO ids (codes, suffix, item, encoded) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        match statement.execute(params![codes, suffix, item, encoded.filter(|_| item.is_some())]) {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                let what = format!("the ID {:?} or the item {:?}", entry.id, item.unwrap_or_default());
                Err(self.at(ErrorKind::Taken { what }.into()))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(super) fn retire_item(&self, item: &str) -> Result<Option<SemanticId>> {
        let Some(entry) = self.find_entry(item)? else { return Ok(None) };
        self.change("UPDATE ids SET item = NULL, encoded = NULL, former = item WHERE item = ?1", [item])?;
        Ok(Some(entry.id))
    }

    pub(super) fn records(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let end = end(&first);
        let (codes, suffix) = match after {
            Some(after) if after.codes.as_slice() >= prefix => {
                (stored(&after.codes)?, i64::try_from(after.suffix).unwrap_or(i64::MAX))
            }
            _ => (first, -1),
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = if self.has_former { SCAN } else { &SCAN.replace(", former", ", NULL") };
        let rows = self.rows(sql, params![codes, suffix, end, limit], |row| {
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?, row.get(4)?))
        })?;
        let record = |(entry, item, former)| Ok(Record { item, entry: self.entry_of(entry)?, former });
        rows.into_iter().map(record).collect()
    }

    pub(super) fn largest_suffix(&self, codes: &[u32]) -> Result<u64> {
        let Some(codes) = encode(codes) else { return Ok(0) };
        let largest = self.row("SELECT max(suffix) FROM ids WHERE codes = ?1", [codes], |row| row.get(0))?;
        self.used_of(largest.flatten())
    }

    pub(super) fn retired_suffixes(&self, codes: &[u32], item: &str) -> Result<Vec<u64>> {
        let Some(codes) = encode(codes).filter(|_| self.has_former) else { return Ok(Vec::new()) };
        let suffixes = self.rows(RETIRED, params![item, codes], |row| row.get::<_, i64>(0))?;
        let suffix =
            |suffix| u64::try_from(suffix).map_err(|_| self.at(Error::damaged_registry("a suffix is negative")));
        suffixes.into_iter().map(suffix).collect()
    }

    pub(super) fn largest_suffixes(&self, prefix: &[u32]) -> Result<Vec<(Vec<u32>, u64)>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let sql = "SELECT codes, max(suffix) FROM ids WHERE codes >= ?1 AND codes < ?2 GROUP BY codes ORDER BY codes";
        let rows = self.rows(sql, [&first, &end(&first)], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
        rows.into_iter().map(|(codes, largest)| Ok((decode(&codes)?, self.used_of(largest)?))).collect()
    }

    pub(super) fn count_items(&self, prefix: &[u32]) -> Result<u64> {
        let Some(first) = encode(prefix) else { return Ok(0) };
        let sql = "SELECT count(*) FROM ids WHERE codes >= ?1 AND codes < ?2 AND item IS NOT NULL";
        let count = self.row(sql, [&first, &end(&first)], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    pub(super) fn count_children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let sql = "SELECT substr(codes, ?3 + 1, 2) AS code, count(*) FROM ids \
                   WHERE codes >= ?1 AND codes < ?2 AND item IS NOT NULL AND length(codes) > ?3 \
                   GROUP BY code ORDER BY code";
        let rows = self.rows(sql, params![first, end(&first), first.len() as i64], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
        })?;
        let child = |(code, count): (Vec<u8>, i64)| match decode(&code)?.as_slice() {
            [code] => Ok((*code, count.unsigned_abs())),
            _ => Err(self.at(Error::damaged_registry("IDs differ in their number of codes"))),
        };
        rows.into_iter().map(child).collect()
    }

    fn entry_of(&self, (codes, suffix, encoded): (Vec<u8>, i64, Option<Vec<u8>>)) -> Result<Entry> {
        let suffix = u64::try_from(suffix).map_err(|_| self.at(Error::damaged_registry("a suffix is negative")))?;
        let decoded = |bytes: &[u8]| decode(bytes).map_err(|error| self.at(error));
        let id = SemanticId::new(decoded(&codes)?, suffix);
        Ok(Entry { id, encoded: encoded.as_deref().map(decoded).transpose()? })
    }

    fn used_of(&self, largest: Option<i64>) -> Result<u64> {
        let used = u64::try_from(largest.map_or(0, |largest| largest.saturating_add(1)));
        used.map_err(|_| self.at(Error::damaged_registry("a suffix is negative")))
    }
}

/// The bytes of codes to be written.
fn stored(codes: &[u32]) -> Result<Vec<u8>> {
    encode(codes).ok_or_else(|| Error::parameter("codes", format!("{codes:?}"), "below 65,536"))
}
