//! `semid_stats`

use crate::world::World;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, UInt32Type, UInt64Type};
use semid::metrics::code_metrics;
use std::collections::HashMap;

/// A field of the struct, or of the structs of its levels, of one row.
fn count(of: &ArrayRef, row: usize, name: &str) -> u64 {
    of.as_struct().column_by_name(name).unwrap().as_primitive::<UInt64Type>().value(row)
}

fn real(of: &ArrayRef, row: usize, name: &str) -> f64 {
    of.as_struct().column_by_name(name).unwrap().as_primitive::<Float64Type>().value(row)
}

fn levels(of: &ArrayRef, row: usize) -> ArrayRef {
    of.as_struct().column_by_name("levels").unwrap().as_list::<i32>().value(row)
}

/// How many items have each of some keys.
fn tally<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, u64> {
    let mut items = HashMap::new();
    keys.for_each(|key| *items.entry(key).or_default() += 1);
    items
}

/// The entropy by its definition, in any order.
fn entropy(sizes: impl Iterator<Item = u64>, rows: f64) -> f64 {
    sizes.map(|size| -(size as f64 / rows) * (size as f64 / rows).ln()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measures_are_those_of_the_library_and_of_a_count_by_hand() {
    let world = World::new().await;
    let found = world.column("SELECT semid_stats(semid_encode(embedding, 'MODEL')) FROM packages").await;
    assert_eq!(found.len(), 1);
    let codes = world.codes();
    let rows: Vec<Vec<u32>> = codes.rows().map(<[u32]>::to_vec).collect();

    let ids = tally(rows.iter().cloned());
    let shared: u64 = ids.values().filter(|items| **items > 1).sum();
    assert!(shared > 0 && ids.len() > 1, "some items share their ID");
    assert_eq!(count(&found, 0, "rows"), 2500);
    assert_eq!(count(&found, 0, "distinct_ids"), ids.len() as u64);
    assert_eq!(count(&found, 0, "collided_items"), shared);
    assert_eq!(count(&found, 0, "max_bucket"), *ids.values().max().unwrap());
    assert_eq!(real(&found, 0, "collision_rate"), (2500 - ids.len()) as f64 / 2500.0);
    assert!((real(&found, 0, "entropy") - entropy(ids.values().copied(), 2500.0)).abs() < 1e-12);
    for level in 0..2 {
        let used = tally(rows.iter().map(|codes| codes[level]));
        let prefixes = tally(rows.iter().map(|codes| codes[..=level].to_vec()));
        let of = levels(&found, 0);
        assert_eq!(count(&of, level, "used_codes"), used.len() as u64);
        assert_eq!(count(&of, level, "max_bucket"), *used.values().max().unwrap());
        assert_eq!(count(&of, level, "prefixes"), prefixes.len() as u64);
    }

    let measured = code_metrics(&codes, &[24, 24]).unwrap();
    let expected = [
        ("collided_item_rate", measured.ids.collided_item_rate),
        ("entropy", measured.ids.entropy),
        ("perplexity", measured.ids.perplexity),
        ("gini", measured.ids.gini),
        ("imbalance", measured.ids.imbalance),
    ];
    expected.iter().for_each(|(name, expected)| assert_eq!(real(&found, 0, name), *expected, "{name}"));
    for (level, expected) in measured.levels.iter().enumerate() {
        let of = levels(&found, 0);
        let fields = [
            ("entropy", expected.entropy),
            ("perplexity", expected.perplexity),
            ("gini", expected.gini),
            ("prefix_collision_rate", expected.prefix_collision_rate),
        ];
        fields.iter().for_each(|(name, expected)| assert_eq!(real(&of, level, name), *expected, "{name}"));
    }
}

/// Groups are counted in several partitions first, and then merged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_have_measures_of_their_own() {
    let world = World::new().await;
    let embeddings = world.column("SELECT embedding FROM packages").await;
    world.table("halves", embeddings);
    let query = "WITH coded AS (SELECT semid_encode(embedding, 'MODEL') AS codes FROM halves) \
                 SELECT codes[1] AS first, semid_stats(codes) AS stats FROM coded GROUP BY codes[1]";
    let query = query.replace("MODEL", &world.path);
    let frame = world.context.sql(&query).await.unwrap();
    let plan = frame.clone().explain(false, false).unwrap().collect().await.unwrap();
    let plan = datafusion::arrow::util::pretty::pretty_format_batches(&plan).unwrap().to_string();
    assert!(plan.contains("mode=Partial") && plan.contains("mode=FinalPartitioned"), "{plan}");

    let codes = world.codes();
    let mut groups = 0;
    for batch in frame.collect().await.unwrap() {
        let batch: RecordBatch = batch;
        for row in 0..batch.num_rows() {
            let first = batch.column(0).as_primitive::<UInt32Type>().value(row);
            let ids = tally(codes.rows().filter(|codes| codes[0] == first).map(<[u32]>::to_vec));
            let stats = batch.column(1);
            assert_eq!(count(stats, row, "rows"), ids.values().sum::<u64>(), "first code {first}");
            assert_eq!(count(stats, row, "distinct_ids"), ids.len() as u64);
            assert_eq!(count(stats, row, "max_bucket"), *ids.values().max().unwrap());
            groups += 1;
        }
    }
    assert_eq!(groups, tally(codes.rows().map(|codes| codes[0])).len());
}

#[tokio::test]
async fn nulls_do_not_count_and_nothing_has_no_measures() {
    let world = World::new().await;
    let two =
        "SELECT semid_stats(codes)['rows'] FROM (VALUES (make_array(1, 2)), (NULL), (make_array(1, 2))) AS t(codes)";
    assert_eq!(world.column(two).await.as_primitive::<UInt64Type>().values(), &[2]);
    let none = world.column("SELECT semid_stats(semid_encode(embedding, 'MODEL')) FROM packages WHERE false").await;
    assert_eq!((none.len(), none.null_count()), (1, 1));
    let nulls = world.column("SELECT semid_stats(NULL)").await;
    assert_eq!((nulls.len(), nulls.null_count()), (1, 1));
}
