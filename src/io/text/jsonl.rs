//! Reads json lines, each of which is a list of numbers, or an object with a field that is such a list.

use super::{Lines, MAX_LINE, TextRow};
use crate::error::{BadRowKind, Result, try_reserve};
use crate::io::ReadOptions;
use crate::io::dialect::TextColumn;
use crate::io::file::Source;
use crate::io::list;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Names of fields that are remembered at most, so that a file with other ones in each line takes no memory for them.
const FIELDS: usize = 1 << 16;

pub(super) struct JsonLines {
    wanted: Option<String>,
    /// The name of the field with the list, from the first object that tells it.
    found: OnceLock<String>,
    /// The names of the fields of all objects read so far.
    names: Mutex<BTreeSet<String>>,
}

impl JsonLines {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self { wanted: options.column.clone(), found: OnceLock::new(), names: Mutex::default() }
    }

    /// Returns the value of a line that has the embedding.
    fn embedding<'a>(&self, source: &Source, line: &'a Value) -> Result<&'a Value> {
        let Value::Object(fields) = line else { return Ok(line) };
        self.note(fields.keys());
        let field = match self.found.get() {
            Some(found) => found,
            None => {
                let lists = || fields.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name.as_str());
                let field = match (&self.wanted, lists().next(), lists().nth(1)) {
                    (Some(name), ..) => name.clone(),
                    _ if lists().any(|name| name == "embedding") => "embedding".to_owned(),
                    (None, Some(only), None) => only.to_owned(),
                    _ if fields.contains_key("embedding") => "embedding".to_owned(),
                    // This is a bad row; a later row may tell which field it is.
                    (None, None, _) => return Ok(&Value::Null),
                    _ => {
                        let reason = format!("several fields are lists: {}; name the column to read", list(lists()));
                        return Err(source.error(reason));
                    }
                };
                self.found.get_or_init(|| field)
            }
        };
        Ok(fields.get(field).unwrap_or(&Value::Null))
    }

    /// Remembers the names of fields, up to [`FIELDS`] of them.
    fn note<'a>(&self, fields: impl Iterator<Item = &'a String>) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for field in fields {
            if names.len() < FIELDS && !names.contains(field) {
                names.insert(field.clone());
            }
        }
    }
}

impl Lines for JsonLines {
    fn values(&self, source: &Source, each: &mut dyn FnMut(TextRow<'_>) -> Result<()>) -> Result<()> {
        let mut values = Vec::new();
        lines(source, |_, line| {
            values.clear();
            let Some(line) = parse(line) else {
                return each(TextRow { values: &[], bad: Some((None, BadRowKind::Text)) });
            };
            let bad = match self.embedding(source, &line)? {
                Value::Array(numbers) => {
                    try_reserve(&mut values, numbers.len(), "the values of a row")?;
                    let mut bad = None;
                    for (column, number) in numbers.iter().enumerate() {
                        let value = value(number);
                        let kind = if number.is_null() { BadRowKind::Null } else { BadRowKind::Text };
                        bad = bad.or(value.is_none().then_some((Some(column), kind)));
                        values.push(value.unwrap_or(f32::NAN));
                    }
                    bad
                }
                Value::Null => Some((None, BadRowKind::Null)),
                _ => Some((None, BadRowKind::Text)),
            };
            each(TextRow { values: &values, bad })
        })
    }

    fn columns(&self) -> Vec<String> {
        // All lines were read when the file was opened, and a later line may have a field that the first one lacks.
        self.names.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn strings(&self, source: &Source, wanted: TextColumn<'_>) -> Result<Vec<String>> {
        let TextColumn { name: column, missing, floats } = wanted;
        let mut texts = Vec::new();
        // The first row with a value, and whether that is a text: `1` and `"1"` would have the same text.
        let mut first = None;
        lines(source, |row, line| {
            let line = parse(line);
            let value = line.as_ref().and_then(|line| line.get(column));
            if let Some(value) = value.filter(|value| value.is_string() || value.is_number()) {
                let (before, is_text) = *first.get_or_insert((row, value.is_string()));
                if is_text != value.is_string() {
                    let [this, other] = if is_text { ["a number", "a text"] } else { ["a text", "a number"] };
                    let reason = format!("field {column:?} is {this} in row {row}, but {other} in row {before}");
                    return Err(source.error(reason));
                }
            }
            let text = match value {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
                Some(Value::Number(number)) if floats => number.as_f64().unwrap_or(f64::NAN).to_string(),
                None | Some(Value::Null) if missing.is_allowed(row) => String::new(),
                Some(Value::Null) => return Err(source.error(format!("field {column:?} is null in row {row}"))),
                Some(_) => {
                    let number = if floats { "number" } else { "whole number" };
                    return Err(source.error(format!("field {column:?} of row {row} is no text and no {number}")));
                }
                None if line.is_none() => return Err(source.error(format!("row {row} is no JSON"))),
                None => return Err(source.error(format!("row {row} has no field {column:?}; every row needs a value"))),
            };
            try_reserve(&mut texts, 1, "the texts of a column")?;
            texts.push(text);
            Ok(())
        })?;
        Ok(texts)
    }
}

/// The names of numbers that JSON has not. Python writes them as they are, and others as texts.
const NOT_FINITE: [(&str, f32); 3] = [("NaN", f32::NAN), ("Infinity", f32::INFINITY), ("-Infinity", f32::NEG_INFINITY)];

/// Returns the number that a value of an embedding is.
fn value(value: &Value) -> Option<f32> {
    match value {
        Value::String(text) => NOT_FINITE.iter().find(|(name, _)| name == text).map(|(_, value)| *value),
        _ => value.as_f64().map(|value| value as f32),
    }
}

/// Parses a line of JSON, in which numbers that are not finite may stand by their names.
fn parse(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok().or_else(|| serde_json::from_slice(&quoted(line)?).ok())
}

/// Puts the names of numbers that are not finite into quotes; returns nothing where there is none outside of texts.
fn quoted(line: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let (mut rest, mut is_text, mut found) = (line, false, false);
    while let Some((byte, after)) = rest.split_first() {
        let name = NOT_FINITE.iter().map(|(name, _)| name.as_bytes()).find(|name| !is_text && rest.starts_with(name));
        if let Some(name) = name {
            found = true;
            out.push(b'"');
            out.extend_from_slice(name);
            out.push(b'"');
            rest = rest.get(name.len()..).unwrap_or_default();
            continue;
        }
        out.push(*byte);
        rest = after;
        match (byte, after.split_first()) {
            (b'\\', Some((escaped, after))) if is_text => {
                out.push(*escaped);
                rest = after;
            }
            (b'"', _) => is_text = !is_text,
            _ => {}
        }
    }
    found.then_some(out)
}

/// Calls `each` with the number and the text of every line that is not blank.
fn lines(source: &Source, mut each: impl FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
    let mut reader = BufReader::with_capacity(1 << 18, source.reader());
    let (mut line, mut row) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line);
        let count = read.map_err(|error| crate::error::Error::io("reading", error).at(source.path()))?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 >= MAX_LINE {
            return Err(source.error(format!("row {row} is longer than {MAX_LINE} bytes")));
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| row == 0).unwrap_or(&line);
        if !text.trim_ascii().is_empty() {
            each(row, text)?;
            row += 1;
        }
    }
}
