//! Writes a .safetensors file.

use super::{ElementType, ExportArray};
use crate::error::Result;
use crate::io::AtomicFile;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Writes the tensors in this order, with `metadata` in the header.
pub(in crate::id::export) fn write_safetensors(
    path: &Path,
    metadata: Value,
    tensors: &[ExportArray<'_>],
) -> Result<()> {
    let mut header = Map::from_iter([("__metadata__".to_owned(), metadata)]);
    let mut end = 0;
    for tensor in tensors {
        let begin = end;
        end += tensor.len();
        let dtype = name(tensor.dtype);
        let entry = json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [begin, end] });
        header.insert(tensor.name.to_owned(), entry);
    }
    let mut header = Value::Object(header).to_string();
    // The header is padded so that numbers begin at a multiple of 8: readers that map the file into memory need that.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut out = AtomicFile::create(path)?;
    out.put(&(header.len() as u64).to_le_bytes())?;
    out.put(header.as_bytes())?;
    for tensor in tensors {
        (tensor.bytes)(&mut |bytes| out.put(bytes))?;
    }
    out.commit()
}

fn name(dtype: ElementType) -> &'static str {
    match dtype {
        ElementType::I64 => "I64",
        ElementType::I32 => "I32",
        ElementType::U8 => "U8",
        ElementType::Bool => "BOOL",
    }
}
