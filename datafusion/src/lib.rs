//! SQL functions for semantic IDs in DataFusion, and in Ballista, which runs DataFusion on many machines.
//!
//! | function | returns |
//! | --- | --- |
//! | `semid_encode(embedding, 'model')` | the codes, a list of u32 |
//! | `semid_id(codes)`, `semid_id(codes, form)` | their text: `12-5-33`, or by a separator or a template of tokens |
//! | `semid_distance(a, b, 'model')` | the squared distance between embeddings, or what codes stand for |
//! | `semid_stats(codes)` | an aggregate: collisions of IDs, and how levels are used |
//!
//! Models are fitted elsewhere, by `semid fit` or one of its other interfaces: here are functions only.
//!
//! ```
//! use datafusion::arrow::array::{Array, AsArray};
//! use datafusion::arrow::datatypes::UInt32Type;
//! use datafusion::prelude::SessionContext;
//! use semid::{Device, Matrix, Model, RqKMeans};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let rows = Matrix::new(&[0.0, 1.0, 10.0, 11.0], 1)?;
//! let model = RqKMeans::new(2, 2).fit(&rows, &Device::cpu())?;
//! let path = std::env::temp_dir().join(format!("semid-{}.safetensors", std::process::id()));
//! model.save(&path)?;
//!
//! let context = SessionContext::new();
//! semid_datafusion::register(&context);
//! let query = format!("SELECT semid_encode(make_array(10.5), '{}') AS codes", path.display());
//! let batches = context.sql(&query).await?.collect().await?;
//! let codes = batches[0].column_by_name("codes").unwrap().as_list::<i32>().value(0);
//! let expected = model.encode(&Matrix::new(&[10.5], 1)?, &Device::cpu())?;
//! assert_eq!(codes.as_primitive::<UInt32Type>().values(), expected.values());
//! # std::fs::remove_file(path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Types
//!
//! Embeddings are `List`, `LargeList` or `FixedSizeList` of `Float16`, `Float32` or `Float64`; values are rounded to
//! f32, as everywhere in semid. Codes are such lists of integers. A row that is NULL gives NULL; a list that is there,
//! but has a value that is NULL, NaN or infinite, is an error, as is one of another length than the model takes.
//!
//! # Models
//!
//! The text that names a model is one that [`Functions::with_model`] has given, or else the path of a model file. It
//! is the same for all rows. A file is read when a query first uses it, and then kept: a new model gets a new name.
//!
//! A model of several embeddings per row takes them as one list, side by side in the order of the fit, as from
//! `array_concat(text, image)`, and scales each; one of nothing but NaN is missing. A model that takes its first codes
//! from labels encodes nothing here, as there are none: [`FunctionError::Labels`].
//!
//! # Exactness
//!
//! Codes are those of every other interface of semid, bit for bit: they depend on the row and the model alone, not on
//! batches, partitions or machines. Distances are sums in f64 in the order of the dimensions. With a model of the
//! cosine metric, embeddings are scaled to unit length first, and with one of several embeddings per row each is scaled
//! as in its fit.
//!
//! # Measures
//!
//! `semid_stats` returns a struct with the fields `rows`, `distinct_ids`, `collision_rate`, `collided_items`,
//! `collided_item_rate`, `max_bucket`, `entropy`, `perplexity`, `gini`, `imbalance`, and `levels`, a list of structs
//! with `used_codes`, `max_bucket`, `entropy`, `perplexity`, `gini`, `prefixes`, `prefix_collision_rate`; see
//! [`IdMetrics`](semid::metrics::IdMetrics) and [`LevelMetrics`](semid::metrics::LevelMetrics). Rows whose codes are
//! NULL do not count, and without others the result is NULL. It keeps one entry per different ID.
//!
//! # Errors
//!
//! A query fails with [`FunctionError`], see [`FunctionError::of`], or while it is planned, where types do not fit.

mod arguments;
mod distance;
mod encode;
mod error;
mod id;
mod lists;
mod measures;
mod models;
mod stats;
mod tally;

pub use error::FunctionError;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;
use models::Models;
use semid::{Device, Model};
use std::sync::Arc;

/// Registers all functions in a session, for models in files.
pub fn register(context: &SessionContext) {
    Functions::new(Device::cpu()).register(context);
}

/// The functions, and the models that they share.
///
/// ```
/// use datafusion::execution::SessionStateBuilder;
/// use semid::{Device, Matrix, Model, RqKMeans};
/// use semid_datafusion::Functions;
///
/// let rows = Matrix::new(&[0.0, 1.0, 10.0, 11.0], 1)?;
/// let model = RqKMeans::new(2, 2).fit(&rows, &Device::cpu())?;
/// let functions = Functions::new(Device::cpu()).with_model("items", Model::from(model))?;
///
/// // For Ballista, whose schedulers and executors are made with a state; its clients register the functions:
/// let mut state = SessionStateBuilder::new().with_default_features().build();
/// functions.add_to(&mut state)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Functions {
    models: Models,
}

impl Functions {
    /// Makes functions that encode on `device`. [`Device::cpu`] is right for most: a query runs on all cores already,
    /// and residual k-means encodes on the thread that calls.
    pub fn new(device: Device) -> Self {
        Self { models: Models::new(device) }
    }

    /// Gives a model a name, by which queries find it. A model that had the name is replaced.
    ///
    /// # Errors
    /// [`FunctionError::Model`] where the device cannot prepare it.
    pub fn with_model(self, name: &str, model: Model) -> Result<Self, FunctionError> {
        self.models.add(name, model)?;
        Ok(self)
    }

    /// Registers all functions in a session.
    pub fn register(&self, context: &SessionContext) {
        self.scalar().into_iter().for_each(|function| context.register_udf(function));
        context.register_udaf(self.aggregate());
    }

    /// Adds all functions to a registry, such as the state that a scheduler of Ballista is made with.
    ///
    /// # Errors
    /// What a registry returns that takes no functions.
    pub fn add_to(&self, registry: &mut dyn FunctionRegistry) -> Result<()> {
        for function in self.scalar() {
            registry.register_udf(Arc::new(function))?;
        }
        registry.register_udaf(Arc::new(self.aggregate()))?;
        Ok(())
    }

    fn scalar(&self) -> [ScalarUDF; 3] {
        [
            encode::Encode::new(self.models.clone()).into(),
            id::Id::new().into(),
            distance::Distance::new(self.models.clone()).into(),
        ]
    }

    fn aggregate(&self) -> AggregateUDF {
        stats::Stats::new().into()
    }
}
