//! Reads the tokenizer that the tokens of IDs are added to.

use super::Vocabulary;
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is read; vocabularies of some hundred thousand tokens need a tenth of it.
const MOST_BYTES: u64 = 1 << 28;

/// A tokenizer in the form of `tokenizer.json`, to which the tokens of IDs are added.
///
/// ```
/// use semid::registry::BaseTokenizer;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("tokenizer.json");
/// let model = r#"{"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}"#;
/// std::fs::write(&path, format!(r#"{{"added_tokens": [{{"id": 2, "content": "<pad>"}}], "model": {model}}}"#))?;
/// let tokenizer = BaseTokenizer::open(&path)?;
/// assert_eq!((tokenizer.next_id(), tokenizer.has("<pad>"), tokenizer.has("c")), (3, true, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BaseTokenizer {
    path: PathBuf,
    json: Value,
    tokens: HashSet<String>,
    next_id: u64,
}

impl BaseTokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a file that is not
    /// in this form or larger than 256 MiB, and for a vocabulary whose ids have gaps, as tokenizers then number new
    /// tokens in ways that differ.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let damaged = |reason: String| Error::format("tokenizer.json", reason).at(path);
        let json: Value = serde_json::from_slice(&read(path)?).map_err(|error| damaged(error.to_string()))?;
        let (tokens, ids) = tokens(&json).map_err(damaged)?;
        let next_id = ids.iter().max().map_or(0, |most| most + 1);
        if next_id != ids.len() as u64 {
            let largest = next_id.saturating_sub(1);
            let reason =
                format!("its {} ids have gaps: the largest is {largest}; give the first id as a number", ids.len());
            return Err(damaged(reason));
        }
        Ok(Self { path: path.to_owned(), json, tokens, next_id })
    }

    /// Returns the id that the next token gets: one more than the largest one.
    pub fn next_id(&self) -> u64 {
        self.next_id
    }

    /// Returns whether the vocabulary has this token.
    pub fn has(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }

    /// Returns the JSON of the tokenizer with all tokens of `vocabulary` added, whose ids follow its own.
    pub(super) fn with(&self, vocabulary: &Vocabulary) -> Result<Value> {
        let damaged = |reason: &str| Error::format("tokenizer.json", reason).at(&self.path);
        let first = vocabulary.iter().next().map(|(_, id)| id);
        if first.is_some_and(|first| first != self.next_id) {
            return Err(damaged("it has another number of tokens than the first id says"));
        }
        let mut json = self.json.clone();
        let tokens = json.as_object_mut().map(|json| json.entry("added_tokens").or_insert_with(|| json!([])));
        let tokens = tokens.and_then(Value::as_array_mut).ok_or_else(|| damaged("its added_tokens are no list"))?;
        tokens.extend(vocabulary.iter().map(|(token, id)| added(vocabulary, &token, id)));
        Ok(json)
    }

    /// Refuses a token that the tokenizer has already, as it would keep its id.
    pub(super) fn check_new(&self, token: &str) -> Result<()> {
        if self.has(token) {
            let reason = format!("it has the token `{token}` already; give the tokenizer without the tokens of IDs");
            return Err(Error::format("tokenizer.json", reason).at(&self.path));
        }
        Ok(())
    }
}

/// Returns a token as tokenizers keep it: found as it is in any text, with nothing stripped around it. Marks are
/// special, so that decoding can leave them out.
pub(super) fn added(vocabulary: &Vocabulary, token: &str, id: u64) -> Value {
    let special = vocabulary.marks().contains(&Some(id));
    json!({
        "id": id,
        "content": token,
        "single_word": false,
        "lstrip": false,
        "rstrip": false,
        "normalized": false,
        "special": special,
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |error| Error::io("reading", error).at(path);
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::format("tokenizer.json", "it is larger than 256 MiB").at(path));
    }
    Ok(bytes)
}

/// Returns the texts and the ids of all tokens: those of the model's vocabulary and the added ones.
fn tokens(json: &Value) -> Result<(HashSet<String>, HashSet<u64>), String> {
    let none = "it has no model.vocab, where a tokenizer.json of Hugging Face tokenizers has its tokens";
    let mut all: Vec<(String, u64)> = match json.pointer("/model/vocab") {
        Some(Value::Object(vocab)) => of_map(vocab)?,
        Some(Value::Array(pieces)) => of_pieces(pieces)?,
        _ => return Err(none.to_owned()),
    };
    for token in json.get("added_tokens").and_then(Value::as_array).into_iter().flatten() {
        let (content, id) = (token.get("content").and_then(Value::as_str), token.get("id").and_then(Value::as_u64));
        let (Some(content), Some(id)) = (content, id.filter(|id| *id < u64::from(u32::MAX))) else {
            return Err(format!("an added token has no content or no id: {token}"));
        };
        all.push((content.to_owned(), id));
    }
    let ids = all.iter().map(|(_, id)| *id).collect();
    Ok((all.into_iter().map(|(token, _)| token).collect(), ids))
}

/// The vocabulary of WordLevel, WordPiece and BPE: `{"token": id}`.
fn of_map(vocab: &Map<String, Value>) -> Result<Vec<(String, u64)>, String> {
    let token = |(token, id): (&String, &Value)| match id.as_u64() {
        Some(id) if id < u64::from(u32::MAX) => Ok((token.clone(), id)),
        _ => Err(format!("the token `{token}` has id {id}")),
    };
    vocab.iter().map(token).collect()
}

/// The vocabulary of Unigram: `[["token", score], ...]`, numbered from 0.
fn of_pieces(pieces: &[Value]) -> Result<Vec<(String, u64)>, String> {
    let token = |(id, piece): (u64, &Value)| match piece.get(0).and_then(Value::as_str) {
        Some(token) => Ok((token.to_owned(), id)),
        None => Err(format!("piece {id} of its vocabulary has no text")),
    };
    (0..).zip(pieces).map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use serde_json::json;

    fn open(json: &Value) -> Result<BaseTokenizer> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokenizer.json");
        std::fs::write(&path, json.to_string()).unwrap();
        BaseTokenizer::open(path)
    }

    #[test]
    fn the_next_id_follows_all_tokens_of_every_kind_of_model() {
        let bpe = json!({"type": "BPE", "vocab": {"a": 1, "b": 0, "ab": 2}, "merges": [["a", "b"]]});
        let unigram = json!({"type": "Unigram", "vocab": [["<unk>", 0.0], ["a", -1.5]]});
        let added = |id: u64| json!([{"id": id, "content": "<pad>", "special": true}]);
        for (json, next) in [
            (json!({"model": bpe}), 3),
            (json!({"model": bpe, "added_tokens": []}), 3),
            (json!({"model": bpe, "added_tokens": added(3)}), 4),
            // A token may be both in the vocabulary and among the added ones.
            (json!({"model": bpe, "added_tokens": [{"id": 2, "content": "ab"}]}), 3),
            (json!({"model": unigram, "added_tokens": added(2)}), 3),
        ] {
            assert_eq!(open(&json).unwrap().next_id(), next, "{json}");
        }
    }

    #[test]
    fn what_is_no_tokenizer_is_refused_with_its_path() {
        for (json, part) in [
            (json!({}), "model.vocab"),
            (json!({"model": {"vocab": "a"}}), "model.vocab"),
            (json!({"model": {"vocab": {"a": -1}}}), "`a` has id -1"),
            (json!({"model": {"vocab": [[1, 2]]}}), "piece 0"),
            (json!({"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1}]}), "added token"),
            (json!({"model": {"vocab": {"a": 0, "b": 7}}}), "its 2 ids have gaps: the largest is 7"),
            (json!({"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 5, "content": "x"}]}), "gaps"),
        ] {
            let error = open(&json).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Format { .. }), "{json}: {error}");
            let text = error.to_string();
            assert!(text.contains(part) && text.contains("tokenizer.json"), "{json}: {text}");
        }
    }
}
