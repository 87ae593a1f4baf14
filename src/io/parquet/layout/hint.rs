//! The schema of Arrow, which many writers store beside that of Parquet and which says more about a column.
//!
//! Polars writes 16-bit floats as 2 bytes without the mark that Parquet has for them; only the Arrow schema says so.

use super::super::table::ParquetTable;
use arrow_schema::{DataType, Schema};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The key of the schema in the metadata of a file.
const KEY: &str = "ARROW:schema";

/// Longest schema that is read.
const MOST: usize = 1 << 20;

/// Whether the Arrow schema says that `column` has lists of 16-bit floats.
pub(super) fn is_half(table: &ParquetTable, column: &str) -> bool {
    let schema = table.key_value(KEY).filter(|text| text.len() <= MOST).and_then(schema);
    schema.is_some_and(|schema| match schema.field_with_name(column).map(|field| field.data_type()) {
        Ok(DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)) => {
            *item.data_type() == DataType::Float16
        }
        _ => false,
    })
}

/// Reads the schema in a message, which may come after a marker and its length.
fn schema(text: &str) -> Option<Schema> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let message = match bytes.split_at_checked(8) {
        Some(([0xff, 0xff, 0xff, 0xff, ..], message)) => message,
        _ => &bytes,
    };
    // The message is verified before its offsets are followed; a panic that remains is caught.
    std::panic::catch_unwind(|| {
        let message = arrow_ipc::root_as_message(message).ok()?;
        arrow_ipc::convert::try_fb_to_schema(message.header_as_schema()?).ok()
    })
    .ok()?
}
