//! The statements of a store. Each asks or changes many things at once, and `@` stands for the schema.

use crate::codec::{self, bytes, columns, damaged, end, stored, stored_codes};
use crate::connection::Connection;
use crate::error::typed;
use crate::schema::LONG;
use postgres::Row;
use postgres::types::FromSql;
use semid::registry::{Entry, Holder, Manifest, Record, SemanticId, UsedCodes};
use semid::{ErrorKind, Result};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// More names than any manifest has; reading stops here.
const MOST_NAMES: usize = 1000;

/// The most rows that one statement asks about or adds, and about the most bytes.
const ROWS: usize = 65_536;
const BYTES: usize = 16 << 20;

/// Finds items by their keys. The text of the second one is that of the index of long keys.
///
/// Subqueries with a limit, here and below, fix the order of the look-ups: a planner without statistics could read the
/// whole table for each thing asked about.
const ENTRIES: [&str; 2] = [
    "SELECT q.n, t.codes, t.suffix, t.encoded FROM unnest($2::text[]) WITH ORDINALITY AS q (item, n)
     CROSS JOIN LATERAL (SELECT i.codes, i.suffix, i.encoded FROM @ids AS i WHERE i.namespace = $1
     AND octet_length(i.item) <= 1000 AND i.item = q.item COLLATE \"C\" LIMIT 1) AS t",
    "SELECT q.n, t.codes, t.suffix, t.encoded FROM unnest($2::text[]) WITH ORDINALITY AS q (item, n)
     CROSS JOIN LATERAL (SELECT i.codes, i.suffix, i.encoded FROM @ids AS i WHERE i.namespace = $1
     AND octet_length(i.item) > 1000 AND md5(i.item) = md5(q.item COLLATE \"C\")
     AND i.item = q.item COLLATE \"C\" LIMIT 1) AS t",
];

/// Retires items, and returns their keys.
const RETIRE: [&str; 2] = [
    "UPDATE @ids SET item = NULL, encoded = NULL, former = item WHERE namespace = $1
     AND octet_length(item) <= 1000 AND item = ANY ($2::text[] COLLATE \"C\") RETURNING former, codes, suffix",
    "UPDATE @ids SET item = NULL, encoded = NULL, former = item WHERE namespace = $1
     AND octet_length(item) > 1000
     AND md5(item) = ANY (ARRAY(SELECT md5(k COLLATE \"C\") FROM unnest($2::text[]) AS k))
     AND item = ANY ($2::text[] COLLATE \"C\") RETURNING former, codes, suffix",
];

const HOLDERS: &str =
    "SELECT q.n, t.item FROM unnest($2::bytea[], $3::bigint[]) WITH ORDINALITY AS q (codes, suffix, n)
     CROSS JOIN LATERAL (SELECT i.item FROM @ids AS i
     WHERE i.namespace = $1 AND i.codes = q.codes AND i.suffix = q.suffix LIMIT 1) AS t";

const INSERT: &str = "INSERT INTO @ids (namespace, codes, suffix, item, encoded, former)
     SELECT $1, q.* FROM unnest($2::bytea[], $3::bigint[], $4::text[], $5::bytea[], $6::text[]) AS q";

const SCAN: &str = "SELECT codes, suffix, encoded, item, former FROM @ids
     WHERE namespace = $1 AND (codes, suffix) > ($2, $3) AND codes < $4 ORDER BY codes, suffix LIMIT $5";

const USED: &str = "SELECT q.n, u.suffix FROM unnest($2::bytea[]) WITH ORDINALITY AS q (codes, n)
     CROSS JOIN LATERAL (SELECT t.suffix FROM @ids AS t WHERE t.namespace = $1 AND t.codes = q.codes
     ORDER BY t.namespace DESC, t.codes DESC, t.suffix DESC LIMIT 1) AS u";

const RETIRED: &str = "SELECT q.n, t.suffix FROM unnest($2::bytea[], $3::text[]) WITH ORDINALITY AS q (codes, item, n)
     CROSS JOIN LATERAL (SELECT i.suffix FROM @ids AS i WHERE i.namespace = $1 AND i.codes = q.codes
     AND i.former IS NOT NULL AND left(i.former, 200) = left(q.item COLLATE \"C\", 200)
     AND i.former = q.item COLLATE \"C\" OFFSET 0) AS t ORDER BY q.n, t.suffix";

const USED_BELOW: &str =
    "SELECT q.n, t.codes, t.suffix FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS q (first, past, n)
     CROSS JOIN LATERAL (SELECT i.codes, max(i.suffix) AS suffix FROM @ids AS i WHERE i.namespace = $1
     AND i.codes >= q.first AND i.codes < q.past GROUP BY i.codes) AS t ORDER BY q.n, t.codes";

const COUNT: &str =
    "SELECT count(*) FROM @ids WHERE namespace = $1 AND codes >= $2 AND codes < $3 AND item IS NOT NULL";

const CHILDREN: &str = "SELECT substring(codes FROM $4::integer + 1 FOR 2) AS code, count(*) FROM @ids
     WHERE namespace = $1 AND codes >= $2 AND codes < $3 AND item IS NOT NULL AND octet_length(codes) > $4::integer
     GROUP BY code ORDER BY code";

impl Connection {
    pub(crate) fn manifest(&mut self, namespace: &str) -> Result<BTreeMap<String, String>> {
        let rows = self.rows("SELECT name, value FROM @manifest WHERE namespace = $1 LIMIT 1001", &[&namespace])?;
        match rows.len() > MOST_NAMES {
            true => Err(damaged(format!("its manifest has more than {MOST_NAMES} names"))),
            false => rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect(),
        }
    }

    pub(crate) fn namespaces(&mut self) -> Result<Vec<(String, Manifest)>> {
        let rows = self.rows("SELECT namespace, name, value FROM @manifest ORDER BY namespace, name", &[])?;
        let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for row in &rows {
            all.entry(get(row, 0)?).or_default().insert(get(row, 1)?, get(row, 2)?);
        }
        all.into_iter().map(|(namespace, map)| Ok((namespace, Manifest::from_map(&map)?))).collect()
    }

    pub(crate) fn model(&mut self) -> Result<Option<Vec<u8>>> {
        let rows = self.rows("SELECT bytes FROM @model", &[])?;
        rows.first().map(|row| get(row, 0)).transpose()
    }

    pub(crate) fn set_manifest(&mut self, namespace: &str, manifest: &Manifest, model: &[u8]) -> Result<()> {
        let (names, values): (Vec<String>, Vec<String>) = manifest.to_map().into_iter().unzip();
        self.change("DELETE FROM @manifest WHERE namespace = $1", &[&namespace])?;
        let sql = "INSERT INTO @manifest (namespace, name, value)
                   SELECT $1, q.* FROM unnest($2::text[], $3::text[]) AS q";
        self.change(sql, &[&namespace, &names, &values])?;
        let sql = "INSERT INTO @model (id, bytes) VALUES (0, $1) ON CONFLICT (id) DO UPDATE SET bytes = $1";
        self.change(sql, &[&model]).map(|_| ())
    }

    pub(crate) fn entries(&mut self, namespace: &str, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        let mut entries = vec![None; items.len()];
        for (sql, places) in ENTRIES.iter().zip(by_length(items)) {
            for places in parts(&places, |place| item_at(items, *place).len()) {
                let keys: Vec<&str> = places.iter().map(|place| item_at(items, *place)).collect();
                for row in self.rows(sql, &[&namespace, &keys])? {
                    let encoded = get::<Option<&[u8]>>(&row, 3)?.map(codec::codes).transpose()?;
                    let id = codec::id(get(&row, 1)?, get(&row, 2)?)?;
                    *answer(&mut entries, *asked(places, &row)?)? = Some(Entry { id, encoded });
                }
            }
        }
        Ok(entries)
    }

    pub(crate) fn holders(&mut self, namespace: &str, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        let mut holders = vec![Holder::Free; ids.len()];
        let given: Vec<_> = ids.iter().enumerate().filter_map(|(place, id)| Some((place, columns(id)?))).collect();
        for part in parts(&given, |(_, (codes, _))| codes.len() + 8) {
            let codes: Vec<&[u8]> = part.iter().map(|(_, (codes, _))| codes.as_slice()).collect();
            let suffixes: Vec<i64> = part.iter().map(|(_, (_, suffix))| *suffix).collect();
            for row in self.rows(HOLDERS, &[&namespace, &codes, &suffixes])? {
                let holder = get::<Option<String>>(&row, 1)?.map_or(Holder::Retired, Holder::Item);
                *answer(&mut holders, asked(part, &row)?.0)? = holder;
            }
        }
        Ok(holders)
    }

    pub(crate) fn insert(&mut self, namespace: &str, records: &[Record]) -> Result<()> {
        let size = |record: &Record| {
            let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            16 + 4 * record.entry.id.codes.len() + text(&record.item) + text(&record.former)
        };
        for part in parts(records, size) {
            let ids: Vec<(Vec<u8>, i64)> = part.iter().map(|r| stored(&r.entry.id)).collect::<Result<_>>()?;
            let (codes, suffixes): (Vec<Vec<u8>>, Vec<i64>) = ids.into_iter().unzip();
            let items: Vec<Option<&str>> = part.iter().map(|record| record.item.as_deref()).collect();
            let encoded = |r: &Record| r.entry.encoded.as_deref().filter(|_| r.item.is_some()).map(stored_codes);
            let encoded: Vec<_> = part.iter().map(|r| encoded(r).transpose()).collect::<Result<_>>()?;
            let former = |r: &Record| r.former.clone().filter(|_| r.item.is_none());
            let former: Vec<Option<String>> = part.iter().map(former).collect();
            let added = self.change(INSERT, &[&namespace, &codes, &suffixes, &items, &encoded, &former])?;
            if added != part.len() as u64 {
                let reason = format!("it took {added} of {} records, as a trigger or a rule would do", part.len());
                return Err(damaged(reason));
            }
        }
        Ok(())
    }

    pub(crate) fn retire(&mut self, namespace: &str, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        let mut ids = vec![None; items.len()];
        let mut seen = HashSet::new();
        let first: Vec<bool> = items.iter().map(|item| seen.insert(*item)).collect();
        for (sql, mut places) in RETIRE.iter().zip(by_length(items)) {
            places.retain(|place| first.get(*place) == Some(&true));
            for places in parts(&places, |place| item_at(items, *place).len()) {
                let keys: Vec<&str> = places.iter().map(|place| item_at(items, *place)).collect();
                let place_of: HashMap<&str, usize> = keys.iter().copied().zip(places.iter().copied()).collect();
                for row in self.rows(sql, &[&namespace, &keys])? {
                    let place = place_of.get(get::<&str>(&row, 0)?).copied().unwrap_or(usize::MAX);
                    *answer(&mut ids, place)? = Some(codec::id(get(&row, 1)?, get(&row, 2)?)?);
                }
            }
        }
        Ok(ids)
    }

    pub(crate) fn scan(
        &mut self,
        namespace: &str,
        prefix: &[u32],
        after: Option<&SemanticId>,
        limit: usize,
    ) -> Result<Vec<Record>> {
        let Some(first) = bytes(prefix) else { return Ok(Vec::new()) };
        let end = end(&first);
        let (codes, suffix) = match after {
            Some(after) if after.codes.as_slice() >= prefix => {
                (stored_codes(&after.codes)?, i64::try_from(after.suffix).unwrap_or(i64::MAX))
            }
            _ => (first, -1),
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let record = |row: &Row| {
            let encoded = get::<Option<&[u8]>>(row, 2)?.map(codec::codes).transpose()?;
            let entry = Entry { id: codec::id(get(row, 0)?, get(row, 1)?)?, encoded };
            Ok(Record { item: get(row, 3)?, entry, former: get(row, 4)? })
        };
        self.rows(SCAN, &[&namespace, &codes, &suffix, &end, &limit])?.iter().map(record).collect()
    }

    pub(crate) fn used(&mut self, namespace: &str, codes: &[&[u32]]) -> Result<Vec<u64>> {
        let mut used = vec![0; codes.len()];
        let given: Vec<_> =
            codes.iter().enumerate().filter_map(|(place, codes)| Some((place, bytes(codes)?))).collect();
        for part in parts(&given, |(_, codes)| codes.len()) {
            let codes: Vec<&[u8]> = part.iter().map(|(_, codes)| codes.as_slice()).collect();
            for row in self.rows(USED, &[&namespace, &codes])? {
                *answer(&mut used, asked(part, &row)?.0)? = used_of(&row, 1)?;
            }
        }
        Ok(used)
    }

    pub(crate) fn retired(&mut self, namespace: &str, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        let mut all = vec![Vec::new(); pairs.len()];
        let given = pairs.iter().enumerate().filter_map(|(place, (codes, item))| Some((place, bytes(codes)?, *item)));
        let given: Vec<(usize, Vec<u8>, &str)> = given.collect();
        for part in parts(&given, |(_, codes, item)| codes.len() + item.len()) {
            let codes: Vec<&[u8]> = part.iter().map(|(_, codes, _)| codes.as_slice()).collect();
            let items: Vec<&str> = part.iter().map(|(_, _, item)| *item).collect();
            for row in self.rows(RETIRED, &[&namespace, &codes, &items])? {
                answer(&mut all, asked(part, &row)?.0)?.push(codec::suffix(get(&row, 1)?)?);
            }
        }
        Ok(all)
    }

    pub(crate) fn used_below(&mut self, namespace: &str, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        let mut all = vec![Vec::new(); prefixes.len()];
        let given = prefixes.iter().enumerate().filter_map(|(place, prefix)| Some((place, bytes(prefix)?)));
        let given: Vec<(usize, Vec<u8>)> = given.collect();
        for part in parts(&given, |(_, first)| 2 * first.len()) {
            let first: Vec<&[u8]> = part.iter().map(|(_, first)| first.as_slice()).collect();
            let past: Vec<Vec<u8>> = part.iter().map(|(_, first)| end(first)).collect();
            for row in self.rows(USED_BELOW, &[&namespace, &first, &past])? {
                let used = (codec::codes(get(&row, 1)?)?, used_of(&row, 2)?);
                answer(&mut all, asked(part, &row)?.0)?.push(used);
            }
        }
        Ok(all)
    }

    pub(crate) fn count(&mut self, namespace: &str, prefix: &[u32]) -> Result<u64> {
        let Some(first) = bytes(prefix) else { return Ok(0) };
        let rows = self.rows(COUNT, &[&namespace, &first, &end(&first)])?;
        rows.first().map_or(Ok(0), |row| Ok(get::<i64>(row, 0)?.unsigned_abs()))
    }

    pub(crate) fn children(&mut self, namespace: &str, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        let Some(first) = bytes(prefix) else { return Ok(Vec::new()) };
        let length = i32::try_from(first.len()).unwrap_or(i32::MAX);
        let child = |row: &Row| match codec::codes(get(row, 0)?)?.as_slice() {
            [code] => Ok((*code, get::<i64>(row, 1)?.unsigned_abs())),
            _ => Err(damaged("IDs differ in their number of codes")),
        };
        self.rows(CHILDREN, &[&namespace, &first, &end(&first), &length])?.iter().map(child).collect()
    }
}

/// Returns a column of a row; refuses one of another type.
fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| match typed(&error).into_kind() {
        ErrorKind::Store { reason } => damaged(reason),
        kind => kind.into(),
    })
}

/// Returns one more than the largest suffix.
fn used_of(row: &Row, column: usize) -> Result<u64> {
    Ok(codec::suffix(get(row, column)?)?.saturating_add(1))
}

/// Returns which of the things asked about a row answers; its first column counts them from 1.
fn asked<'a, T>(part: &'a [T], row: &Row) -> Result<&'a T> {
    let place = usize::try_from(get::<i64>(row, 0)?).ok().and_then(|number| number.checked_sub(1));
    place.and_then(|place| part.get(place)).ok_or_else(|| damaged("an answer is to no question"))
}

fn answer<T>(answers: &mut [T], place: usize) -> Result<&mut T> {
    answers.get_mut(place).ok_or_else(|| damaged("an answer is to no question"))
}

fn item_at<'a>(items: &[&'a str], place: usize) -> &'a str {
    items.get(place).copied().unwrap_or_default()
}

/// Returns the places of the keys that the first index has, and of the long ones.
fn by_length(items: &[&str]) -> [Vec<usize>; 2] {
    let (short, long) = (0..items.len()).partition(|place| item_at(items, *place).len() <= LONG);
    [short, long]
}

/// Cuts things into parts for one statement each.
pub(crate) fn parts<T>(things: &[T], size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut start, mut bytes) = (0, 0_usize);
    for (i, thing) in things.iter().enumerate() {
        let size = size(thing);
        if i > start && (i - start >= ROWS || bytes.saturating_add(size) > BYTES) {
            ranges.push(start..i);
            (start, bytes) = (i, 0);
        }
        bytes = bytes.saturating_add(size);
    }
    if start < things.len() {
        ranges.push(start..things.len());
    }
    ranges.into_iter().filter_map(|range| things.get(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_bounded_and_complete() {
        let small = vec![1; ROWS + 1];
        let large = [BYTES / 2, BYTES / 2, 1, BYTES * 3, 1];
        let sizes = |things: &[usize]| parts(things, |size| *size).map(<[usize]>::len).collect::<Vec<_>>();
        assert_eq!((sizes(&small), sizes(&large), sizes(&[])), (vec![ROWS, 1], vec![2, 1, 1, 1], vec![]));
    }
}
