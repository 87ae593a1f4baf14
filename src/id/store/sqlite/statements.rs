//! The statements of a session; each connection prepares them once.

use super::codec::{decode, encode, end};
use super::error::typed;
use super::schema;
use super::session::{LONGEST, Session};
use super::{Entry, Holder, Manifest, Record};
use crate::error::{Error, ErrorKind, Result};
use crate::id::semantic_id::SemanticId;
use crate::id::store::namespace_name::check_name;
use rusqlite::{ErrorCode, params};
use std::collections::BTreeMap;

/// More names than any manifest has; reading stops here.
const MOST_NAMES: usize = 1000;

/// Reads a page of records, which is a range of the primary key.
pub(super) const SCAN: &str = "SELECT codes, suffix, encoded, item, former FROM ids@
    WHERE (codes, suffix) > (?1, ?2) AND codes < ?3 ORDER BY codes, suffix LIMIT ?4";

/// Reads the entry of an item.
///
/// The index `items` contains the ID. The record itself is read only for moved items, of which there are few; not
/// reading it for the others makes look-ups more than twice as fast.
pub(super) const ENTRY: &str = "SELECT codes, suffix, \
    (SELECT m.encoded FROM ids@ AS m INDEXED BY moved@ WHERE m.item = ids@.item AND m.encoded IS NOT NULL) \
    FROM ids@ INDEXED BY items@ WHERE item = ?1";

/// Reads the retired IDs of an item with given codes.
pub(super) const RETIRED: &str = "SELECT suffix FROM ids@ WHERE former = ?1 AND codes = ?2 ORDER BY suffix";

impl Session {
    pub(super) fn manifest(&self) -> Result<BTreeMap<String, String>> {
        self.manifest_in("SELECT key, value FROM manifest@ LIMIT ?1")
    }

    fn manifest_in(&self, sql: &str) -> Result<BTreeMap<String, String>> {
        let limit = MOST_NAMES as i64 + 1;
        let rows = self.rows(sql, [limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        match rows.len() > MOST_NAMES {
            true => Err(Error::damaged_registry(format!("its manifest has more than {MOST_NAMES} names"))),
            false => Ok(rows.into_iter().collect()),
        }
    }

    /// Returns the manifests of all namespaces that have one, as of one moment.
    pub(super) fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        let moment = self.is_autocommit().then(|| self.connection.unchecked_transaction()).transpose();
        let _moment = moment.map_err(typed)?;
        let mut all = Vec::new();
        let numbers = self.numbers()?.into_iter().map(|(name, number)| (name, schema::ending(number)));
        for (name, ending) in [(String::new(), String::new())].into_iter().chain(numbers) {
            if check_name(&name).is_err() {
                return Err(Error::damaged_registry(format!("no namespace has the name {name:?}")));
            }
            let map = self.manifest_in(&format!("SELECT key, value FROM manifest{ending} LIMIT ?1"))?;
            if !map.is_empty() {
                all.push((name, Manifest::from_map(&map)?));
            }
        }
        Ok(all)
    }

    pub(super) fn set_manifest(&self, map: &BTreeMap<String, String>, model: &[u8]) -> Result<()> {
        self.change("DELETE FROM manifest@", [])?;
        for (key, value) in map {
            self.change("INSERT INTO manifest@ (key, value) VALUES (?1, ?2)", [key, value])?;
        }
        self.change("INSERT OR REPLACE INTO model (id, bytes) VALUES (0, ?1)", [model])?;
        Ok(())
    }

    pub(super) fn entry(&self, item: &str) -> Result<Option<Entry>> {
        if item.len() > LONGEST as usize {
            return Ok(None); // longer than any that was registered
        }
        let found = self.row(ENTRY, [item], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        found.map(entry_of).transpose()
    }

    pub(super) fn holder(&self, id: &SemanticId) -> Result<Holder> {
        let (Some(codes), Ok(suffix)) = (encode(&id.codes), i64::try_from(id.suffix)) else { return Ok(Holder::Free) };
        let sql = "SELECT item FROM ids@ WHERE codes = ?1 AND suffix = ?2";
        Ok(match self.row(sql, params![codes, suffix], |row| row.get(0))? {
            None => Holder::Free,
            Some(None) => Holder::Retired,
            Some(Some(item)) => Holder::Item(item),
        })
    }

    pub(super) fn insert(&self, records: &[Record]) -> Result<()> {
        for (i, record) in records.iter().enumerate() {
            if let Err(error) = self.insert_record(record) {
                // After any other failure the registry rolls back the whole transaction.
                if matches!(error.kind(), ErrorKind::Taken { .. }) {
                    records.iter().take(i).try_for_each(|record| self.remove_record(record))?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn insert_record(&self, Record { item, entry, former }: &Record) -> Result<()> {
        let encoded = entry.encoded.as_deref().filter(|_| item.is_some()).map(stored).transpose()?;
        let former = former.as_deref().filter(|_| item.is_none());
        let (codes, suffix) = (stored(&entry.id.codes)?, stored_suffix(&entry.id)?);
        let sql = "INSERT INTO ids@ (codes, suffix, item, encoded, former) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.writing(sql)?;
        match statement.execute(params![codes, suffix, item, encoded, former]) {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                let what = format!("the ID {:?} or the item {:?}", entry.id, item.as_deref().unwrap_or_default());
                Err(ErrorKind::Taken { what }.into())
            }
            Err(error) => Err(typed(error)),
        }
    }

    fn remove_record(&self, record: &Record) -> Result<()> {
        let id = &record.entry.id;
        let sql = "DELETE FROM ids@ WHERE codes = ?1 AND suffix = ?2";
        self.change(sql, params![stored(&id.codes)?, stored_suffix(id)?]).map(|_| ())
    }

    pub(super) fn retire(&self, item: &str) -> Result<Option<SemanticId>> {
        let Some(entry) = self.entry(item)? else { return Ok(None) };
        self.change("UPDATE ids@ SET item = NULL, encoded = NULL, former = item WHERE item = ?1", [item])?;
        Ok(Some(entry.id))
    }

    pub(super) fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let end = end(&first);
        let (codes, suffix) = match after {
            Some(after) if after.codes.as_slice() >= prefix => {
                (stored(&after.codes)?, i64::try_from(after.suffix).unwrap_or(i64::MAX))
            }
            _ => (first, -1),
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = if self.has_former() { SCAN } else { &SCAN.replace(", former", ", NULL") };
        let rows = self.rows(sql, params![codes, suffix, end, limit], |row| {
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?, row.get(4)?))
        })?;
        let record = |(entry, item, former)| Ok(Record { item, entry: entry_of(entry)?, former });
        rows.into_iter().map(record).collect()
    }

    pub(super) fn used(&self, codes: &[u32]) -> Result<u64> {
        let Some(codes) = encode(codes) else { return Ok(0) };
        let largest = self.row("SELECT max(suffix) FROM ids@ WHERE codes = ?1", [codes], |row| row.get(0))?;
        used_of(largest.flatten())
    }

    pub(super) fn retired(&self, codes: &[u32], item: &str) -> Result<Vec<u64>> {
        let Some(codes) = encode(codes).filter(|_| self.has_former()) else { return Ok(Vec::new()) };
        let suffixes = self.rows(RETIRED, params![item, codes], |row| row.get::<_, i64>(0))?;
        suffixes.into_iter().map(suffix_of).collect()
    }

    pub(super) fn used_below(&self, prefix: &[u32]) -> Result<Vec<(Vec<u32>, u64)>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let sql = "SELECT codes, max(suffix) FROM ids@ WHERE codes >= ?1 AND codes < ?2 GROUP BY codes ORDER BY codes";
        let rows = self.rows(sql, [&first, &end(&first)], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
        rows.into_iter().map(|(codes, largest)| Ok((decode(&codes)?, used_of(largest)?))).collect()
    }

    pub(super) fn count(&self, prefix: &[u32]) -> Result<u64> {
        let Some(first) = encode(prefix) else { return Ok(0) };
        let sql = "SELECT count(*) FROM ids@ WHERE codes >= ?1 AND codes < ?2 AND item IS NOT NULL";
        let count = self.row(sql, [&first, &end(&first)], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    pub(super) fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        let Some(first) = encode(prefix) else { return Ok(Vec::new()) };
        let sql = "SELECT substr(codes, ?3 + 1, 2) AS code, count(*) FROM ids@ \
                   WHERE codes >= ?1 AND codes < ?2 AND item IS NOT NULL AND length(codes) > ?3 \
                   GROUP BY code ORDER BY code";
        let rows = self.rows(sql, params![first, end(&first), first.len() as i64], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
        })?;
        let child = |(code, count): (Vec<u8>, i64)| match decode(&code)?.as_slice() {
            [code] => Ok((*code, count.unsigned_abs())),
            _ => Err(Error::damaged_registry("IDs differ in their number of codes")),
        };
        rows.into_iter().map(child).collect()
    }
}

fn entry_of((codes, suffix, encoded): (Vec<u8>, i64, Option<Vec<u8>>)) -> Result<Entry> {
    let id = SemanticId::new(decode(&codes)?, suffix_of(suffix)?);
    Ok(Entry { id, encoded: encoded.as_deref().map(decode).transpose()? })
}

fn suffix_of(suffix: i64) -> Result<u64> {
    u64::try_from(suffix).map_err(|_| Error::damaged_registry("a suffix is negative"))
}

fn used_of(largest: Option<i64>) -> Result<u64> {
    match largest {
        None => Ok(0),
        Some(i64::MAX) => Err(Error::damaged_registry("an ID has the largest suffix, after which there is no other")),
        Some(largest) => Ok(suffix_of(largest)?.saturating_add(1)),
    }
}

/// Returns the bytes of codes to be written; refuses codes that do not fit.
fn stored(codes: &[u32]) -> Result<Vec<u8>> {
    encode(codes).ok_or_else(|| Error::parameter("codes", format!("{codes:?}"), "must be below 65,536"))
}

/// Returns the suffix to be written; refuses one that does not fit.
fn stored_suffix(id: &SemanticId) -> Result<i64> {
    i64::try_from(id.suffix).map_err(|_| Error::parameter("suffix", id.suffix, "must be below 2^63"))
}
