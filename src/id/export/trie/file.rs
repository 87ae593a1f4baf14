//! Writes a safetensors file without copying the tensors.

use crate::error::Result;
use crate::io::AtomicFile;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

const FORMAT: &str = "semid-trie";
const FORMAT_VERSION: &str = "1";
/// Numbers that are converted to bytes at a time.
const CHUNK: usize = 8192;

/// A file that is written tensor by tensor.
pub(super) struct File {
    path: PathBuf,
    header: Map<String, Value>,
    tensors: Vec<Tensor>,
    /// Bytes of the tensors added so far.
    len: usize,
}

enum Tensor {
    Numbers(Vec<i64>),
    Bytes(Vec<u8>),
}

impl File {
    pub(super) fn new(path: &Path, vocabulary: &str) -> Self {
        let metadata = json!({ "format": FORMAT, "format_version": FORMAT_VERSION, "vocabulary": vocabulary });
        let header = Map::from_iter([("__metadata__".to_owned(), metadata)]);
        Self { path: path.to_owned(), header, tensors: Vec::new(), len: 0 }
    }

    pub(super) fn numbers(&mut self, name: &str, numbers: Vec<i64>) {
        self.describe(name, "I64", numbers.len(), 8 * numbers.len());
        self.tensors.push(Tensor::Numbers(numbers));
    }

    pub(super) fn bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.describe(name, "U8", bytes.len(), bytes.len());
        self.tensors.push(Tensor::Bytes(bytes));
    }

    fn describe(&mut self, name: &str, dtype: &str, values: usize, bytes: usize) {
        let end = self.len + bytes;
        let tensor = json!({ "dtype": dtype, "shape": [values], "data_offsets": [self.len, end] });
        self.header.insert(name.to_owned(), tensor);
        self.len = end;
    }

    pub(super) fn write(self) -> Result<()> {
        let mut header = Value::Object(self.header).to_string();
        // The header is padded so that numbers begin at a multiple of 8: readers that map the file into memory need
        // that.
        header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
        let mut out = AtomicFile::create(&self.path)?;
        out.put(&(header.len() as u64).to_le_bytes())?;
        out.put(header.as_bytes())?;
        for tensor in self.tensors {
            match tensor {
                Tensor::Bytes(bytes) => out.put(&bytes)?,
                Tensor::Numbers(numbers) => numbers.chunks(CHUNK).try_for_each(|numbers| {
                    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                    out.put(&bytes)
                })?,
            }
        }
        out.commit()
    }
}
