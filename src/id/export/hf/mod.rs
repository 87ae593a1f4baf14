//! Writes a folder that the libraries `tokenizers` and `transformers` load.

mod card;

use super::tokenizer::added;
use super::{Export, Exported, Vocabulary};
use crate::error::{Error, Result};
use crate::io::AtomicFile;
use card::Usage;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Masks the scores of a language model by the trie.
const LOGITS: &str = include_str!("semid_logits.py");

impl Export<'_> {
    /// Writes a folder of files for Hugging Face's `tokenizers` and `transformers`, which need no network to load them:
    ///
    /// | file | |
    /// | --- | --- |
    /// | `added_tokens.json` | [`Export::added_tokens`] |
    /// | `special_tokens_map.json` | the marks around an ID, which are special tokens |
    /// | `tokenizer_config.json` | the settings of every token: not normalized, nothing stripped around it |
    /// | `tokenizer.json` | where [`Export::tokenizer`] is set: that tokenizer, with the tokens added |
    /// | `trie.safetensors` | [`Export::trie`] |
    /// | `semid_logits.py` | a `LogitsProcessor` that lets a model write registered IDs only |
    /// | `README.md` | a model card with what the IDs are made of, the labels of codes, their usage, and how to load the files |
    ///
    /// The folder appears complete or not at all, and there must be nothing at its path. All files show the registry as
    /// of one moment.
    ///
    /// # Errors
    /// As for [`Export::trie`]; [`ErrorKind::Io`](crate::ErrorKind::Io), also where the path exists.
    pub fn hf(&self, path: impl AsRef<Path>) -> Result<Exported> {
        let path = path.as_ref();
        let snapshot = self.registry.snapshot()?;
        let export = Export { registry: &snapshot, template: self.template.clone(), ..*self };
        export.write_hf(path)
    }

    fn write_hf(&self, path: &Path) -> Result<Exported> {
        let creating = |error: std::io::Error| Error::io("creating", error).at(path);
        if path.exists() {
            return Err(creating(std::io::ErrorKind::AlreadyExists.into()));
        }
        let near = path.parent().filter(|near| !near.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".semid-").tempdir_in(near).map_err(creating)?;
        let exported = self.fill(folder.path()).map_err(|error| error.renamed(folder.path(), path))?;
        open_to_others(folder.path()).map_err(creating)?;
        std::fs::rename(folder.path(), path).map_err(creating)?;
        // It is not there any more under its temporary name, which is all that dropping it would remove.
        let _ = folder.keep();
        Ok(exported)
    }

    /// Writes all files into an empty folder.
    fn fill(&self, folder: &Path) -> Result<Exported> {
        let at = |name: &str| folder.join(name);
        let exported = self.trie(at("trie.safetensors"))?;
        let vocabulary = self.tokens()?;
        vocabulary.write_added_tokens(&at("added_tokens.json"), &|| self.go_on(0))?;
        write(&at("special_tokens_map.json"), &special(&vocabulary).to_string())?;
        write(&at("tokenizer_config.json"), &config(&vocabulary, self.tokenizer.is_some()).to_string())?;
        if let Some(tokenizer) = self.tokenizer {
            write(&at("tokenizer.json"), &tokenizer.with(&vocabulary)?.to_string())?;
        }
        write(&at("semid_logits.py"), LOGITS)?;
        let mut usage = Usage::default();
        self.each_record(&mut |record| {
            usage.add(&record);
            Ok(())
        })?;
        let card = usage.card(self.registry.manifest(), &vocabulary, self.tokenizer.is_some());
        write(&at("README.md"), &card)?;
        Ok(exported)
    }
}

/// Gives the folder the permissions of a new one: temporary folders are for their owner alone.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let beside = folder.join("made");
    std::fs::create_dir(&beside)?;
    let mode = std::fs::metadata(&beside)?.permissions().mode();
    std::fs::remove_dir(&beside)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_to_others(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let mut out = AtomicFile::create(path)?;
    out.put(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.put(b"\n")?;
    }
    out.commit()
}

/// `special_tokens_map.json`: the marks, which belong to no text.
fn special(vocabulary: &Vocabulary) -> Value {
    let marks: Vec<&str> = vocabulary.template().marks().into_iter().flatten().collect();
    if marks.is_empty() { json!({}) } else { json!({ "additional_special_tokens": marks }) }
}

/// `tokenizer_config.json`, all of it or the part that is about these tokens.
fn config(vocabulary: &Vocabulary, whole: bool) -> Value {
    let token = |(text, id): (String, u64)| {
        let mut settings = added(vocabulary, &text, id);
        if let Some(settings) = settings.as_object_mut() {
            settings.remove("id");
        }
        (id.to_string(), settings)
    };
    let mut config = Map::from_iter([
        ("added_tokens_decoder".to_owned(), Value::Object(vocabulary.iter().map(token).collect())),
        ("clean_up_tokenization_spaces".to_owned(), json!(false)),
    ]);
    if let Value::Object(special) = special(vocabulary) {
        config.extend(special);
    }
    if whole {
        config.insert("tokenizer_class".to_owned(), json!("PreTrainedTokenizerFast"));
    }
    Value::Object(config)
}
