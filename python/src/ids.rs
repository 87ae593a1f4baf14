//! Codes as text.

use crate::codes::from_array;
use crate::errors::OrRaise;
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use semid::IdFormat;
use semid::registry::TokenTemplate;

/// How IDs are written: a separator, or a template of tokens with marks.
#[derive(FromPyObject)]
pub(crate) struct Format {
    #[pyo3(item)]
    separator: Option<String>,
    #[pyo3(item)]
    template: Option<String>,
    #[pyo3(item)]
    begin: Option<String>,
    #[pyo3(item)]
    end: Option<String>,
    #[pyo3(item)]
    base: u32,
}

impl Format {
    pub(crate) fn read(&self) -> semid::Result<IdFormat> {
        let Some(separator) = &self.separator else {
            let mut template = match &self.template {
                Some(template) => TokenTemplate::new(template)?,
                None => TokenTemplate::default(),
            };
            template = template.base(self.base)?;
            if let Some(mark) = &self.begin {
                template = template.begin(mark)?;
            }
            if let Some(mark) = &self.end {
                template = template.end(mark)?;
            }
            return Ok(IdFormat::tokens(template));
        };
        Ok(IdFormat::plain(separator))
    }
}

/// The texts of codes (N, L).
#[pyfunction]
pub(crate) fn format_ids(py: Python<'_>, codes: PyReadonlyArray2<'_, u32>, format: Format) -> PyResult<Vec<String>> {
    let format = format.read().or_raise(py)?;
    format.check().or_raise(py)?;
    let codes = from_array(py, &codes)?;
    Ok(py.detach(|| format.format(&codes)))
}
