//! `semid_id(codes)` and `semid_id(codes, form)`

use crate::arguments::{Constant, column, like, refuse};
use crate::error::within;
use crate::lists::{Lists, as_codes};
use datafusion::arrow::array::{Array, ArrayBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use semid::IdFormat;
use semid::registry::TokenTemplate;
use std::sync::Arc;

const NAME: &str = "semid_id";
const FORM: Constant = Constant { function: NAME, argument: "form", example: "'-' or '<{level}_{code}>'" };

/// Writes codes as text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    signature: Signature,
}

impl Id {
    pub(crate) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Id {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let [codes, form @ ..] = given
            && let Some(codes) = as_codes(codes)
            && form.len() < 2
        {
            return Ok([codes].into_iter().chain(form.iter().map(|_| DataType::Utf8)).collect());
        }
        refuse("semid_id(codes [, form]) takes a list of integers and, if you like, a text", given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [codes, form @ ..] = args.args.as_slice() else { return internal_err!("{NAME} takes codes") };
        let form = form.first().map(|form| FORM.of(form)).transpose()?.unwrap_or("-");
        let format = format_of(form).map_err(within(NAME))?;
        let lists = column(codes)?;
        let mut texts = StringBuilder::new();
        for list in Lists::new(NAME, &lists)?.codes() {
            let (row, codes) = list?;
            (texts.len()..row).for_each(|_| texts.append_null());
            texts.append_value(format.format_row(codes));
        }
        (texts.len()..lists.len()).for_each(|_| texts.append_null());
        like(codes, Arc::new(texts.finish()))
    }
}

/// Returns the format of a template of tokens, which has braces, or of a separator.
fn format_of(form: &str) -> semid::Result<IdFormat> {
    match form.contains('{') {
        true => TokenTemplate::new(form).map(IdFormat::tokens),
        false => {
            let format = IdFormat::plain(form);
            format.check().map(|()| format)
        }
    }
}
