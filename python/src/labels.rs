//! Labels of rows, which give the codes of the first levels of a model.

use crate::errors::parameter;
use semid::{Labels, Result, UnknownLabel};

/// Columns of labels as Python gives them: a name, and a label for every row that has one.
pub(crate) type Columns = Vec<(String, Vec<Option<String>>)>;

/// Makes labels of columns, if there are some.
pub(crate) fn labels(columns: Option<Columns>) -> Result<Option<Labels>> {
    columns.map(Labels::new).transpose()
}

/// Returns what rows without a known label get.
pub(crate) fn unknown(name: &str) -> Result<UnknownLabel> {
    match name {
        "nearest" => Ok(UnknownLabel::Nearest),
        "reserve" => Ok(UnknownLabel::Reserve),
        _ => Err(parameter("unknown", name, "must be 'nearest' or 'reserve'")),
    }
}
