//! The model card: what the IDs are made of and how to use them.

use super::super::Vocabulary;
use crate::id::store::{Manifest, Record};
use std::collections::HashMap;
use std::fmt::Write;

/// How often codes are used by the items of a registry, which come in the order of their IDs.
#[derive(Default)]
pub(super) struct Usage {
    items: u64,
    /// Different lists of codes.
    distinct: u64,
    last: Vec<u32>,
    /// For each level, how many items have each code.
    levels: Vec<HashMap<u32, u64>>,
}

impl Usage {
    pub(super) fn add(&mut self, record: &Record) {
        if record.item.is_none() {
            return;
        }
        let codes = &record.entry.id.codes;
        self.items += 1;
        self.distinct += u64::from(self.items == 1 || self.last != *codes);
        self.last.clone_from(codes);
        self.levels.resize(codes.len(), HashMap::new());
        for (level, code) in self.levels.iter_mut().zip(codes) {
            *level.entry(*code).or_default() += 1;
        }
    }

    /// Returns the card in Markdown.
    pub(super) fn card(&self, manifest: &Manifest, vocabulary: &Vocabulary, whole: bool) -> String {
        let Self { items, distinct, .. } = self;
        let collisions = if *items == 0 { 0.0 } else { 1.0 - *distinct as f64 / *items as f64 };
        let first = vocabulary.iter().next();
        let mut text = format!(
            "---\nlibrary_name: semid\ntags:\n- semantic-ids\n- generative-retrieval\n---\n\n\
             # Semantic IDs of {items} items\n\n\
             | | |\n| --- | --- |\n\
             | items | {items} |\n| distinct codes | {distinct} |\n| collision rate | {:.4} % |\n\
             | resolver | `{}` |\n| tokens | {} |\n",
            100.0 * collisions,
            manifest.resolver().name(),
            vocabulary.len(),
        );
        // Writing to a string cannot fail.
        if let Some((token, id)) = first {
            let _ = writeln!(text, "| first token | `{token}`, id {id} |");
        }
        let _ = writeln!(text, "| fingerprint of the model | `{}` |\n", manifest.fingerprint());
        let _ =
            writeln!(text, "| level | first token id | codes | used | perplexity |\n| --- | --- | --- | --- | --- |");
        for (number, level) in vocabulary.levels().iter().enumerate() {
            let _ = match self.levels.get(number) {
                Some(counts) => {
                    let (used, perplexity) = (counts.len(), perplexity(counts));
                    writeln!(text, "| {} | {} | {} | {used} | {perplexity:.1} |", number + 1, level.first, level.count)
                }
                None => writeln!(text, "| suffix | {} | {} | | |", level.first, level.count),
            };
        }
        labels(vocabulary, &mut text);
        text.push_str(if whole { WHOLE } else { PART });
        text.push_str(USE);
        text
    }
}

/// Most labels of a level that the card lists.
const LISTED: usize = 200;

/// Lists which code of a level has which label, where labels give its codes.
fn labels(vocabulary: &Vocabulary, text: &mut String) {
    for (number, level) in vocabulary.levels().iter().enumerate() {
        let Some(column) = &level.column else { continue };
        let title = format!("Labels of level {}, from {}", number + 1, cell(column));
        let _ = writeln!(text, "\n## {title}\n\n| token | label |\n| --- | --- |");
        for (code, label) in (0..).zip(&level.labels).take(LISTED) {
            let label = label.as_deref().map_or_else(|| "(unknown labels)".to_owned(), cell);
            let _ = writeln!(text, "| `{}` | {label} |", vocabulary.template().token(number, code).replace('|', "\\|"));
        }
        if let Some(more) = level.labels.len().checked_sub(LISTED).filter(|more| *more > 0) {
            let _ = writeln!(text, "\n{more} more are in the metadata of `trie.safetensors`, under `vocabulary`.");
        }
    }
}

/// Writes a text so that it stays within a cell of a table.
fn cell(text: &str) -> String {
    let plain = |c: char| match c {
        '|' => "\\|".to_owned(),
        '<' => "&lt;".to_owned(),
        '&' => "&amp;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(plain).collect()
}

/// Two to the power of the entropy of the codes.
fn perplexity(counts: &HashMap<u32, u64>) -> f64 {
    let mut counts: Vec<u64> = counts.values().copied().collect();
    counts.sort_unstable(); // so that the sum is rounded in the same way every time
    let all: u64 = counts.iter().sum();
    let entropy: f64 = counts.iter().map(|count| *count as f64 / all as f64).map(|share| -share * share.log2()).sum();
    entropy.exp2()
}

const WHOLE: &str = "
## Load

```python
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(\"this-folder\")
```
";

const PART: &str = "
## Load

`added_tokens.json`, `special_tokens_map.json` and `tokenizer_config.json` are about the tokens of IDs alone. Add the
tokens to the tokenizer that they are for; their ids are checked:

```python
from transformers import AutoTokenizer
from semid_logits import add_tokens
tokenizer = add_tokens(AutoTokenizer.from_pretrained(\"base-model\"), \"this-folder\")
```
";

const USE: &str = "
The model's embeddings need a row for every token: `model.resize_token_embeddings(len(tokenizer))`.

## Generate registered IDs only

```python
from semid_logits import SemanticIdLogitsProcessor
ids_only = SemanticIdLogitsProcessor(\"this-folder\", end=tokenizer.eos_token_id, prompt_length=prompt.shape[1])
found = model.generate(prompt, logits_processor=[ids_only], num_beams=20, num_return_sequences=20, max_new_tokens=8)
items = [ids_only.item(row[prompt.shape[1] :].tolist()) for row in found]
```

Made by semid: `semid export --kind hf`. docs/format.md of semid describes the files.
";
