//! `semid_distance`

use crate::world::{DIM, ROWS, World};
use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::Float64Type;
use semid::metrics::errors;
use semid::rq::Metric;
use semid::{Codes, Device, Matrix};

fn values(column: &ArrayRef) -> Vec<f64> {
    column.as_primitive::<Float64Type>().iter().map(Option::unwrap).collect()
}

/// The distance by its definition.
fn squared(a: &[f32], b: &[f32]) -> f64 {
    let mut sum = 0.0;
    for d in 0..a.len() {
        sum += (f64::from(a[d]) - f64::from(b[d])).powi(2);
    }
    sum
}

#[tokio::test]
async fn distances_to_own_codes_are_the_errors_of_the_library() {
    for metric in [Metric::L2, Metric::Cosine] {
        let world = World::with(|params| params.metric(metric)).await;
        let query = "SELECT semid_distance(embedding, semid_encode(embedding, 'MODEL'), 'MODEL') FROM packages";
        let found = values(&world.column(query).await);
        let rows = Matrix::new(&world.values, DIM).unwrap();
        let measured = errors(&*world.model, &rows, &world.codes(), &Device::cpu()).unwrap();
        assert_eq!(found.iter().sum::<f64>() / ROWS as f64, measured.squared_error_per_row, "{metric:?}");
        // And by hand, with a little room for the scale to unit length.
        let decoded = world.model.decode(&world.codes(), &Device::cpu()).unwrap();
        for (row, found) in found.iter().enumerate() {
            let (x, y) = (&world.values[row * DIM..][..DIM], &decoded[row * DIM..][..DIM]);
            let length = x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            let expected = match metric {
                Metric::Cosine => x.iter().zip(y).map(|(x, y)| (f64::from(*x) / length - f64::from(*y)).powi(2)).sum(),
                _ => squared(x, y),
            };
            assert!((found - expected).abs() <= 1e-12 * expected.max(1.0), "row {row}: {found} and {expected}");
        }
    }
}

/// A query for the nearest items finds those that a loop over all items finds.
#[tokio::test]
async fn the_nearest_codes_are_those_of_a_search_by_hand() {
    let world = World::new().await;
    let query = "SELECT name FROM packages CROSS JOIN (SELECT embedding AS wanted FROM packages WHERE name = 'numpy') \
                 ORDER BY semid_distance(wanted, semid_encode(embedding, 'MODEL'), 'MODEL'), name LIMIT 20";
    let found = world.column(query).await;
    let names = world.column("SELECT name FROM packages").await;
    let names: Vec<String> = strings(&names);
    let wanted = names.iter().position(|name| name == "numpy").unwrap();
    let decoded = world.model.decode(&world.codes(), &Device::cpu()).unwrap();
    let distance = |row: usize| squared(&world.values[wanted * DIM..][..DIM], &decoded[row * DIM..][..DIM]);
    let mut order: Vec<(f64, &String)> = names.iter().enumerate().map(|(row, name)| (distance(row), name)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let expected: Vec<String> = order.iter().take(20).map(|(_, name)| (*name).clone()).collect();
    assert_eq!(strings(&found), expected);
}

fn strings(column: &ArrayRef) -> Vec<String> {
    let utf8 = datafusion::arrow::compute::cast(column, &datafusion::arrow::datatypes::DataType::Utf8).unwrap();
    utf8.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
}

#[tokio::test]
async fn codes_may_be_on_both_sides_or_shorter_than_the_model() {
    let world = World::new().await;
    let decode = |codes: Vec<u32>| {
        let levels = codes.len();
        world.model.decode(&Codes::new(codes, levels).unwrap(), &Device::cpu()).unwrap()
    };
    let one = world.column("SELECT semid_distance(make_array(3, 7), make_array(5, 0), 'MODEL')").await;
    assert_eq!(values(&one), [squared(&decode(vec![3, 7]), &decode(vec![5, 0]))]);
    let first = world.column("SELECT semid_distance(make_array(3, 7), make_array(3), 'MODEL')").await;
    assert_eq!(values(&first), [squared(&decode(vec![3, 7]), &decode(vec![3]))]);
    let of_null = world.column("SELECT semid_distance(NULL, make_array(3), 'MODEL')").await;
    assert_eq!(of_null.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [None]);
}
