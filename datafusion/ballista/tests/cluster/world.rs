//! The bundled embeddings in several files, a model of them, and what the library says.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Float32Type};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use semid::{Codes, Device, Matrix, Model, RqKMeans};
use std::collections::HashMap;
use tempfile::TempDir;

pub(crate) const ROWS: usize = 2500;
const DIM: usize = 384;
/// Every file is a partition of the table.
const FILES: usize = 4;
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cli/data/top-packages.parquet");

pub(crate) struct World {
    /// The folder of the table's files.
    pub(crate) table: String,
    /// The codes by the library, row by row.
    pub(crate) codes: Codes,
    values: Vec<f32>,
    decoded: Vec<f32>,
    places: HashMap<String, usize>,
    model: String,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        context.register_parquet("packages", DATA, ParquetReadOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("packages").display().to_string();
        std::fs::create_dir(&table).unwrap();
        for file in 0..FILES {
            let rows = ROWS / FILES;
            let query = format!("SELECT name, embedding FROM packages LIMIT {rows} OFFSET {}", rows * file);
            let path = format!("{table}/{file}.parquet");
            let part = context.sql(&query).await.unwrap();
            part.write_parquet(&path, DataFrameWriteOptions::new(), None).await.unwrap();
        }

        let batches = context.sql("SELECT name, embedding FROM packages").await.unwrap().collect().await.unwrap();
        let column = |number, kind| {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(number) as &dyn Array).collect();
            cast(&concat(&parts).unwrap(), &kind).unwrap()
        };
        let lists = column(1, DataType::new_list(DataType::Float32, true));
        let values = lists.as_list::<i32>().values().as_primitive::<Float32Type>().values().to_vec();
        let names = column(0, DataType::Utf8);
        let names = names.as_string::<i32>().iter().map(|name| name.unwrap().to_owned());
        let places: HashMap<String, usize> = names.zip(0..).collect();
        assert_eq!((values.len(), places.len()), (ROWS * DIM, ROWS));

        let rows = Matrix::new(&values, DIM).unwrap();
        let model = Model::from(RqKMeans::new(2, 24).fit(&rows, &Device::cpu()).unwrap());
        let path = folder.path().join("model.safetensors");
        model.save(&path).unwrap();
        let codes = model.encode(&rows, &Device::cpu()).unwrap();
        let decoded = model.decode(&codes, &Device::cpu()).unwrap();
        let model = path.display().to_string();
        Self { table, codes, values, decoded, places, model, _folder: folder }
    }

    /// Writes the path of the model's file where a query says `MODEL`.
    pub(crate) fn query(&self, query: &str) -> String {
        query.replace("MODEL", &self.model)
    }

    /// Returns the rows of these names, each of which is there once.
    pub(crate) fn rows_of(&self, names: &[String]) -> Vec<usize> {
        let rows: Vec<usize> = names.iter().map(|name| self.places[name]).collect();
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..ROWS), "every row comes once");
        rows
    }

    /// The squared distance between a row and what its codes stand for, by its definition.
    pub(crate) fn error(&self, row: usize) -> f64 {
        let (x, y) = (&self.values[row * DIM..][..DIM], &self.decoded[row * DIM..][..DIM]);
        x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + (f64::from(*x) - f64::from(*y)).powi(2))
    }
}
