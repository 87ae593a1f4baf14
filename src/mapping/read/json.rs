//! IDs in JSON: one object of all items, or one object per line.

use super::super::builder::Builder;
use super::text::{self, Texts};
use super::{MappingOptions, NamedColumns, choose};
use crate::error::{Error, Result};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The forms that an ID has in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Codes(Vec<u64>),
    Tokens(Vec<String>),
    Text(String),
    Code(u64),
}

impl Id {
    fn codes(self, texts: &mut Texts<'_>, key: &str) -> Result<Vec<u64>> {
        match self {
            Self::Codes(codes) => Ok(codes),
            Self::Tokens(tokens) => texts.tokens(&tokens, key),
            Self::Text(text) => texts.codes(&[&text], key),
            Self::Code(code) => Ok(vec![code]),
        }
    }
}

impl Id {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| Error::io("opening", error).at(path))
}

/// Reads `{"key": ID, ...}`.
pub(super) fn object(path: &Path, options: &MappingOptions) -> Result<Builder> {
    let mut reader = serde_json::Deserializer::from_reader(open(path)?);
    let mut problem = None;
    let items = Items { problem: &mut problem, texts: Texts::new(options.template.as_ref()) };
    let read = reader.deserialize_map(items).and_then(|builder| reader.end().map(|()| builder));
    match (problem, read) {
        (Some(error), _) => Err(error),
        (None, Ok(builder)) if builder.is_catalogue() => catalogue(&builder),
        (None, Ok(builder)) => Ok(builder),
        (None, Err(error)) if error.is_io() => Err(Error::io("reading", error.into())),
        (None, Err(error)) => {
            let reason = format!("it is not one object of items and their IDs, such as index.json: {error}");
            Err(Error::format("json", reason))
        }
    }
}

/// Collects the entries of an object one by one, so that only keys and codes are held.
struct Items<'a> {
    /// What was wrong with an entry that is proper JSON.
    problem: &'a mut Option<Error>,
    texts: Texts<'a>,
}

/// Reads `{"12,5,33": 1, ...}`, in which the keys are the IDs, and the items have no other keys.
fn catalogue(ids: &Builder) -> Result<Builder> {
    let mut builder = Builder::default();
    for key in ids.keys() {
        if !key.contains(',') {
            let reason = format!(
                "all its values are 1, so its keys are IDs, packed into integers such as {key}, which do not say what \
                 codes they have; write them with commas between the codes, or an index with the items' keys"
            );
            return Err(Error::format("json", reason));
        }
        builder.push(key.clone(), text::codes(key, key)?)?;
    }
    Ok(builder)
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Builder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of items and their IDs")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<Builder, A::Error> {
        let mut builder = Builder::default();
        while let Some(key) = map.next_key::<String>()? {
            let id: Id = map.next_value()?;
            let pushed = id.codes(&mut self.texts, &key).and_then(|codes| builder.push(key, codes));
            if let Err(error) = pushed {
                *self.problem = Some(error);
                return Err(serde::de::Error::custom("an ID cannot be read"));
            }
        }
        Ok(builder)
    }
}

/// Reads an object with a key and an ID from every line.
pub(super) fn lines(path: &Path, options: &MappingOptions) -> Result<Builder> {
    let mut builder = Builder::default();
    let mut texts = Texts::new(options.template.as_ref());
    for (number, line) in open(path)?.lines().enumerate() {
        let line = line.map_err(|error| Error::io("reading", error))?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |reason: String| Error::format("jsonl", format!("line {}: {reason}", number + 1));
        let object: Map<String, Value> = serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        let NamedColumns { key, ids, weight } = choose(&names, options)?;
        let key = match object.get(key) {
            Some(Value::String(key)) => key.clone(),
            Some(Value::Number(key)) => key.to_string(),
            other => return Err(wrong(format!("the key is {}, not a text or a number", kind(other)))),
        };
        let read = |id: &&str| -> Result<Id> {
            let value = object.get(*id).cloned().unwrap_or_default();
            serde_json::from_value(value)
                .map_err(|_| wrong(format!("{id:?} is {}, not a list of codes or a text", kind(object.get(*id)))))
        };
        let ids = ids.iter().map(read).collect::<Result<Vec<Id>>>()?;
        // Tokens of the levels belong together.
        let of_levels: Option<Vec<&str>> = ids.iter().map(Id::text).collect();
        let codes = match of_levels {
            Some(levels) => texts.codes(&levels, &key)?,
            None => {
                let mut codes = Vec::new();
                for id in ids {
                    codes.append(&mut id.codes(&mut texts, &key)?);
                }
                codes
            }
        };
        builder.push(key, codes)?;
        match weight.map(|weight| object.get(weight)) {
            None => {}
            Some(Some(Value::Number(weight))) => builder.weigh(&weight.to_string())?,
            Some(other) => return Err(wrong(format!("the weight is {}, not a number", kind(other)))),
        }
    }
    Ok(builder)
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list of something else",
        Some(Value::Object(_)) => "an object",
    }
}
