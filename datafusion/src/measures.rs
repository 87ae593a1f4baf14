//! The fields of what `semid_stats` returns.

use datafusion::arrow::array::{ArrayRef, Float64Array, ListArray, StructArray, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::ScalarValue;
use semid::metrics::{CodeMetrics, LevelMetrics};
use std::sync::Arc;

/// A measure: a number of things, or a real number.
enum Measure<T> {
    Count(fn(&T) -> u64),
    Real(fn(&T) -> f64),
}

use Measure::{Count, Real};

const OF_IDS: [(&str, Measure<CodeMetrics>); 10] = [
    ("rows", Count(|all| all.rows)),
    ("distinct_ids", Count(|all| all.ids.distinct_ids)),
    ("collision_rate", Real(|all| all.ids.collision_rate)),
    ("collided_items", Count(|all| all.ids.collided_items)),
    ("collided_item_rate", Real(|all| all.ids.collided_item_rate)),
    ("max_bucket", Count(|all| all.ids.max_bucket)),
    ("entropy", Real(|all| all.ids.entropy)),
    ("perplexity", Real(|all| all.ids.perplexity)),
    ("gini", Real(|all| all.ids.gini)),
    ("imbalance", Real(|all| all.ids.imbalance)),
];

/// What needs the number of clusters, which codes do not tell, is left out.
const OF_A_LEVEL: [(&str, Measure<LevelMetrics>); 7] = [
    ("used_codes", Count(|level| level.used_codes)),
    ("max_bucket", Count(|level| level.max_bucket)),
    ("entropy", Real(|level| level.entropy)),
    ("perplexity", Real(|level| level.perplexity)),
    ("gini", Real(|level| level.gini)),
    ("prefixes", Count(|level| level.prefixes)),
    ("prefix_collision_rate", Real(|level| level.prefix_collision_rate)),
];

/// Returns the type of the result: a struct with the measures of IDs, and a list of those of levels.
pub(crate) fn result_type() -> DataType {
    DataType::Struct(fields_of_result())
}

fn fields_of_result() -> Fields {
    let levels = Field::new("levels", DataType::List(level_field()), false);
    fields(&OF_IDS).into_iter().chain([levels]).collect()
}

fn level_field() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(fields(&OF_A_LEVEL).into()), false))
}

fn fields<T>(measures: &[(&str, Measure<T>)]) -> Vec<Field> {
    let kind = |measure: &Measure<T>| match measure {
        Count(_) => DataType::UInt64,
        Real(_) => DataType::Float64,
    };
    measures.iter().map(|(name, measure)| Field::new(*name, kind(measure), false)).collect()
}

fn columns<T>(measures: &[(&str, Measure<T>)], of: &[T]) -> Vec<ArrayRef> {
    let column = |measure: &Measure<T>| -> ArrayRef {
        match measure {
            Count(count) => Arc::new(of.iter().map(|one| Some(count(one))).collect::<UInt64Array>()),
            Real(real) => Arc::new(of.iter().map(|one| Some(real(one))).collect::<Float64Array>()),
        }
    };
    measures.iter().map(|(_, measure)| column(measure)).collect()
}

/// Returns the result for these measures.
pub(crate) fn result(metrics: &CodeMetrics) -> ScalarValue {
    let levels = StructArray::new(fields(&OF_A_LEVEL).into(), columns(&OF_A_LEVEL, &metrics.levels), None);
    let lengths = OffsetBuffer::from_lengths([metrics.levels.len()]);
    let levels: ArrayRef = Arc::new(ListArray::new(level_field(), lengths, Arc::new(levels), None));
    let columns = columns(&OF_IDS, std::slice::from_ref(metrics)).into_iter().chain([levels]).collect();
    ScalarValue::Struct(Arc::new(StructArray::new(fields_of_result(), columns, None)))
}
