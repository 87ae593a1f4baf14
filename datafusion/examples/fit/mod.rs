//! Fits a model to the embeddings of a table.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Float32Type};
use datafusion::prelude::SessionContext;
use semid::{Device, Matrix, Model, RqKMeans};
use std::error::Error;

/// Fits three levels to the embeddings of the table `packages`.
pub(crate) async fn fit(context: &SessionContext) -> Result<Model, Box<dyn Error>> {
    let batches = context.sql("SELECT embedding FROM packages").await?.collect().await?;
    let columns: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
    let lists = cast(&concat(&columns)?, &DataType::new_list(DataType::Float32, true))?;
    let lists = lists.as_list::<i32>();
    let values = lists.values().as_primitive::<Float32Type>().values();
    let rows = Matrix::new(values, values.len() / lists.len())?;
    Ok(RqKMeans::new(3, 64).fit(&rows, &Device::cpu())?.into())
}
