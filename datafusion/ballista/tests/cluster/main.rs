//! Queries to a cluster in this process, and to one of a scheduler and two executors that are processes, beside what
//! the library says of the same rows.

mod processes;
mod world;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{Float64Type, UInt32Type, UInt64Type};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use processes::Processes;
use semid::metrics::code_metrics;
use std::collections::HashMap;
use std::hash::Hash;
use world::{ROWS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_in_this_process_has_the_results_of_the_library() {
    let world = World::new().await;
    let context = semid_ballista::standalone().await.unwrap();
    check(&context, &world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_processes_has_the_results_of_the_library() {
    let world = World::new().await;
    let processes = Processes::start();
    let context = semid_ballista::client(&processes.url()).await.unwrap();
    check(&context, &world).await;
    for (executor, parts) in processes.parts().into_iter().enumerate() {
        assert!(parts > 0, "executor {executor} has computed nothing");
    }
}

async fn check(context: &SessionContext, world: &World) {
    context.register_parquet("packages", &world.table, ParquetReadOptions::default()).await.unwrap();
    codes_and_ids(context, world).await;
    distances(context, world).await;
    measures(context, world).await;
    groups(context, world).await;
    a_missing_model(context).await;
}

async fn codes_and_ids(context: &SessionContext, world: &World) {
    let query = "SELECT name, semid_encode(embedding, 'MODEL') AS codes, \
                 semid_id(semid_encode(embedding, 'MODEL')) AS id FROM packages";
    let found = columns(context, &world.query(query)).await;
    let (names, lists, ids) = (texts(&found[0]), found[1].as_list::<i32>(), texts(&found[2]));
    assert_eq!(names.len(), ROWS);
    for (place, row) in world.rows_of(&names).into_iter().enumerate() {
        let expected = world.codes.get(row).unwrap();
        let codes = lists.value(place);
        assert_eq!(codes.as_primitive::<UInt32Type>().values(), expected, "{}", names[place]);
        assert_eq!(ids[place], format!("{}-{}", expected[0], expected[1]));
    }
}

async fn distances(context: &SessionContext, world: &World) {
    let query = "SELECT name, semid_distance(embedding, semid_encode(embedding, 'MODEL'), 'MODEL') FROM packages";
    let found = columns(context, &world.query(query)).await;
    let names = texts(&found[0]);
    for (place, row) in world.rows_of(&names).into_iter().enumerate() {
        let distance = found[1].as_primitive::<Float64Type>().value(place);
        assert_eq!(distance, world.error(row), "{}", names[place]);
    }
}

async fn measures(context: &SessionContext, world: &World) {
    let query = "SELECT semid_stats(semid_encode(embedding, 'MODEL')) FROM packages";
    let found = columns(context, &world.query(query)).await;
    assert_eq!(found[0].len(), 1);
    let ids = tally(world.codes.rows());
    assert_eq!(count(&found[0], 0, "rows"), ROWS as u64);
    assert_eq!(count(&found[0], 0, "distinct_ids"), ids.len() as u64);
    assert_eq!(count(&found[0], 0, "max_bucket"), *ids.values().max().unwrap());
    let measured = code_metrics(&world.codes, &[24, 24]).unwrap();
    for (name, expected) in [("entropy", measured.ids.entropy), ("gini", measured.ids.gini)] {
        assert_eq!(field(&found[0], name).as_primitive::<Float64Type>().value(0), expected, "{name}");
    }
}

/// Groups are counted by several tasks first, and then merged by others.
async fn groups(context: &SessionContext, world: &World) {
    let query = "SELECT codes[1] AS first, semid_stats(codes) AS stats \
                 FROM (SELECT semid_encode(embedding, 'MODEL') AS codes FROM packages) GROUP BY codes[1]";
    let found = columns(context, &world.query(query)).await;
    let firsts = found[0].as_primitive::<UInt32Type>().values();
    assert_eq!(firsts.len(), tally(world.codes.rows().map(|codes| codes[0])).len());
    for (place, first) in firsts.iter().enumerate() {
        let ids = tally(world.codes.rows().filter(|codes| codes[0] == *first));
        assert_eq!(count(&found[1], place, "rows"), ids.values().sum::<u64>(), "first code {first}");
        assert_eq!(count(&found[1], place, "distinct_ids"), ids.len() as u64);
        assert_eq!(count(&found[1], place, "max_bucket"), *ids.values().max().unwrap());
    }
}

async fn a_missing_model(context: &SessionContext) {
    let query = "SELECT semid_encode(embedding, 'no-such.safetensors') FROM packages";
    let error = context.sql(query).await.unwrap().collect().await.unwrap_err().to_string();
    assert!(error.contains("no-such.safetensors"), "{error}");
}

/// Returns the columns of a query's result.
async fn columns(context: &SessionContext, query: &str) -> Vec<ArrayRef> {
    let batches = context.sql(query).await.unwrap().collect().await.unwrap();
    let column = |number| {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(number) as &dyn Array).collect();
        concat(&parts).unwrap()
    };
    (0..batches[0].num_columns()).map(column).collect()
}

fn texts(column: &ArrayRef) -> Vec<String> {
    let column = datafusion::arrow::compute::cast(column, &datafusion::arrow::datatypes::DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
}

fn field<'a>(of: &'a ArrayRef, name: &str) -> &'a ArrayRef {
    of.as_struct().column_by_name(name).unwrap()
}

fn count(of: &ArrayRef, row: usize, name: &str) -> u64 {
    field(of, name).as_primitive::<UInt64Type>().value(row)
}

/// How many items have each of some keys.
fn tally<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, u64> {
    let mut items = HashMap::new();
    keys.for_each(|key| *items.entry(key).or_default() += 1);
    items
}
