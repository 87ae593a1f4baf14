//! `semid_encode(embedding, 'model')`

use crate::arguments::{column, like, model_of, refuse};
use crate::error::within;
use crate::lists::{Lists, as_embeddings, code_lists, code_type};
use crate::models::Models;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

const NAME: &str = "semid_encode";

/// Gives every embedding its codes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Encode {
    signature: Signature,
    models: Models,
}

impl Encode {
    pub(crate) fn new(models: Models) -> Self {
        // A name means one model for as long as the function lives.
        Self { signature: Signature::user_defined(Volatility::Immutable), models }
    }
}

impl ScalarUDFImpl for Encode {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let [embedding, _] = given
            && let Some(embedding) = as_embeddings(embedding)
        {
            return Ok(vec![embedding, DataType::Utf8]);
        }
        refuse("semid_encode(embedding, 'model') takes a list of floats and a text", given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(code_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [embedding, model] = args.args.as_slice() else { return internal_err!("{NAME} takes two arguments") };
        let opened = self.models.get(model_of(NAME).of(model)?)?;
        let embeddings = column(embedding)?;
        let lists = Lists::new(NAME, &embeddings)?;
        let (dim, levels) = (opened.model.dim(), opened.model.levels());
        let mut encoder = opened.encoder()?;
        let rows = opened.scaled(lists.embeddings(dim)?).map_err(within(NAME))?;
        let mut codes = vec![0; rows.len() / dim.max(1) * levels];
        if !rows.is_empty() {
            encoder.encode_into(&rows, &mut codes).map_err(within(NAME))?;
        }
        like(embedding, code_lists(codes, levels, embeddings.len(), lists.nulls()))
    }
}
