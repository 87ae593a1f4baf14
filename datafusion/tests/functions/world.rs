//! The bundled embeddings, a model of them, and a session with the functions.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Schema, UInt32Type};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use semid::{Codes, Device, Matrix, Model, RqKMeans};
use semid_datafusion::FunctionError;
use std::sync::Arc;

pub(crate) const DIM: usize = 384;
pub(crate) const ROWS: usize = 2500;
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/data/top-packages.parquet");

pub(crate) struct World {
    pub(crate) context: SessionContext,
    /// All embeddings, row by row.
    pub(crate) values: Vec<f32>,
    pub(crate) model: Model,
    /// The path of the model's file.
    pub(crate) path: String,
    _folder: tempfile::TempDir,
}

impl World {
    /// Makes a session with a table `packages` in several partitions, and a model of two levels.
    pub(crate) async fn new() -> Self {
        Self::with(|params| params).await
    }

    pub(crate) async fn with(change: impl Fn(RqKMeans) -> RqKMeans) -> Self {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4));
        semid_datafusion::register(&context);
        context.register_parquet("packages", DATA, ParquetReadOptions::default()).await.unwrap();
        let embeddings = column(&context, "SELECT embedding FROM packages").await;
        let lists = cast(&embeddings, &DataType::new_list(DataType::Float32, true)).unwrap();
        let values = lists.as_list::<i32>().values().as_primitive::<Float32Type>().values().to_vec();
        assert_eq!(values.len(), ROWS * DIM);
        let rows = Matrix::new(&values, DIM).unwrap();
        let model = Model::from(change(RqKMeans::new(2, 24)).fit(&rows, &Device::cpu()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        model.save(&path).unwrap();
        Self { context, values, model, path: path.display().to_string(), _folder: folder }
    }

    /// The codes by the library.
    pub(crate) fn codes(&self) -> Codes {
        self.model.encode(&Matrix::new(&self.values, DIM).unwrap(), &Device::cpu()).unwrap()
    }

    /// Runs a query, in which `MODEL` stands for the model's file, and returns its only column.
    pub(crate) async fn column(&self, query: &str) -> ArrayRef {
        column(&self.context, &query.replace("MODEL", &self.path)).await
    }

    /// Returns the error of a query, and as what a program sees it.
    pub(crate) async fn error(&self, query: &str) -> (DataFusionError, String) {
        let error = match self.context.sql(&query.replace("MODEL", &self.path)).await {
            Ok(frame) => frame.collect().await.unwrap_err(),
            Err(error) => error,
        };
        let text = error.to_string();
        (error, text)
    }

    /// Registers a table of this column, and of the numbers of the rows, in two partitions: rows come in any order.
    pub(crate) fn table(&self, name: &str, column: ArrayRef) {
        let half = column.len() / 2;
        let field = Field::new("embedding", column.data_type().clone(), true);
        let schema = Arc::new(Schema::new(vec![field, Field::new("row", DataType::UInt64, false)]));
        let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(0..column.len() as u64));
        let part = |from, len| {
            let columns = vec![column.slice(from, len), rows.slice(from, len)];
            vec![RecordBatch::try_new(schema.clone(), columns).unwrap()]
        };
        let parts = vec![part(0, half), part(half, column.len() - half)];
        let table = MemTable::try_new(schema.clone(), parts).unwrap();
        self.context.register_table(name, Arc::new(table)).unwrap();
    }
}

async fn column(context: &SessionContext, query: &str) -> ArrayRef {
    let batches = context.sql(query).await.unwrap().collect().await.unwrap();
    let columns: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
    concat(&columns).unwrap()
}

/// Returns the lists of codes; none for NULL.
pub(crate) fn code_rows(column: &ArrayRef) -> Vec<Option<Vec<u32>>> {
    let lists = column.as_list::<i32>();
    let row = |list: ArrayRef| list.as_primitive::<UInt32Type>().values().to_vec();
    lists.iter().map(|list| list.map(row)).collect()
}

/// Returns the error of a function.
pub(crate) fn of_function(error: &DataFusionError) -> &FunctionError {
    FunctionError::of(error).unwrap_or_else(|| panic!("no error of a function: {error}"))
}
