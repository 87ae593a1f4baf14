//! `semid_encode` and `semid_id`

use crate::world::{DIM, ROWS, World, code_rows};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type};
use semid::blocks::Blocks;
use semid::{Device, Matrix, Model, PqKMeans, RqKMeans};
use semid_datafusion::Functions;
use std::sync::Arc;

fn types() -> Vec<DataType> {
    let mut types = Vec::new();
    for item in [DataType::Float16, DataType::Float32, DataType::Float64] {
        let field = Arc::new(Field::new_list_field(item, true));
        types.extend([
            DataType::List(field.clone()),
            DataType::LargeList(field.clone()),
            DataType::FixedSizeList(field, DIM as i32),
        ]);
    }
    types
}

/// The values of the bundled data are exact in f16, so that no type changes them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_of_every_type_are_those_of_the_library() {
    let world = World::new().await;
    let expected: Vec<Option<Vec<u32>>> = world.codes().rows().map(|codes| Some(codes.to_vec())).collect();
    let embeddings = world.column("SELECT embedding FROM packages").await;
    for (number, kind) in types().into_iter().enumerate() {
        let lists = cast(&cast(&embeddings, &types()[1]).unwrap(), &kind).unwrap();
        assert_eq!(lists.data_type(), &kind);
        world.table(&format!("t{number}"), lists);
        let codes = world.column(&format!("SELECT semid_encode(embedding, 'MODEL') FROM t{number} ORDER BY row")).await;
        assert!(code_rows(&codes) == expected, "{kind}");
    }
}

#[tokio::test]
async fn a_row_that_is_null_has_no_codes_and_no_id() {
    let world = World::new().await;
    let embeddings = world.column("SELECT embedding FROM packages").await;
    for kind in types() {
        let lists = cast(&cast(&embeddings, &types()[1]).unwrap(), &kind).unwrap();
        let every_third = (0..ROWS).map(|row| Some(row % 3 == 0)).collect();
        world.context.deregister_table("holes").unwrap();
        world.table("holes", nullif(&lists, &every_third).unwrap());
        let codes = code_rows(&world.column("SELECT semid_encode(embedding, 'MODEL') FROM holes ORDER BY row").await);
        let expected = world.codes();
        for (row, (codes, expected)) in codes.iter().zip(expected.rows()).enumerate() {
            assert_eq!(codes.as_deref(), (row % 3 != 0).then_some(expected), "row {row} of {kind}");
        }
        let ids = world.column("SELECT semid_id(semid_encode(embedding, 'MODEL')) FROM holes").await;
        assert_eq!((ids.len(), ids.null_count()), (ROWS, ROWS.div_ceil(3)));
    }
    let of_null = world.column("SELECT semid_encode(NULL, 'MODEL')").await;
    assert_eq!((of_null.len(), of_null.null_count()), (1, 1));
}

#[tokio::test]
async fn ids_are_written_as_the_library_writes_them() {
    let world = World::new().await;
    let texts = async |form: &str| {
        let ids = world.column(&format!("SELECT semid_id(semid_encode(embedding, 'MODEL'){form}) FROM packages")).await;
        ids.as_string::<i32>().iter().map(|id| id.unwrap().to_owned()).collect::<Vec<String>>()
    };
    let codes = world.codes();
    let expected = |write: fn(u32, u32) -> String| codes.rows().map(|c| write(c[0], c[1])).collect::<Vec<_>>();
    assert_eq!(texts("").await, expected(|a, b| format!("{a}-{b}")));
    assert_eq!(texts(", '/'").await, expected(|a, b| format!("{a}/{b}")));
    assert_eq!(texts(", '<{level}_{code}>'").await, expected(|a, b| format!("<a_{a}><b_{b}>")));
    // Integers of any type are codes, and rows may have different numbers of them.
    let literal = world.column("SELECT semid_id(make_array(12, 5, 33))").await;
    assert_eq!(literal.as_string::<i32>().value(0), "12-5-33");
}

#[tokio::test]
async fn a_file_is_read_once() {
    let world = World::new().await;
    let query = "SELECT semid_encode(embedding, 'MODEL') FROM packages";
    let before = world.column(query).await;
    std::fs::remove_file(&world.path).unwrap();
    assert!(world.column(query).await == before);
}

#[tokio::test]
async fn models_of_other_kinds_have_names() {
    let world = World::new().await;
    let rows = Matrix::new(&world.values, DIM).unwrap();
    let model = Model::from(PqKMeans::new(3, 8).fit(&rows, &Device::cpu()).unwrap());
    let expected: Vec<_> = model.encode(&rows, &Device::cpu()).unwrap().rows().map(|c| Some(c.to_vec())).collect();
    Functions::new(Device::cpu()).with_model("slices", model).unwrap().register(&world.context);
    let codes: ArrayRef = world.column("SELECT semid_encode(embedding, 'slices') FROM packages").await;
    assert!(code_rows(&codes) == expected);
}

/// Of 384 dimensions, the last 84 are an embedding of their own, which counts for little.
#[tokio::test]
async fn several_embeddings_of_a_row_are_scaled() {
    let world = World::new().await;
    let rows = Matrix::new(&world.values, DIM).unwrap();
    let blocks = Blocks::fit(&rows, [("text", DIM - 84, 1.0), ("image", 84, 0.01)], None).unwrap();
    let scaled = blocks.rows(rows).unwrap();
    let model = Model::from(RqKMeans::new(2, 24).fit(&scaled, &Device::cpu()).unwrap());
    let codes = model.encode(&scaled, &Device::cpu()).unwrap();
    let decoded = model.decode(&codes, &Device::cpu()).unwrap();
    assert!(codes != model.encode(&rows, &Device::cpu()).unwrap(), "scales make no difference");
    let model = model.with_blocks(blocks.clone()).unwrap();
    Functions::new(Device::cpu()).with_model("both", model).unwrap().register(&world.context);
    let texts = world.column("SELECT semid_id(semid_encode(embedding, 'both')) FROM packages").await;
    for (text, codes) in texts.as_string::<i32>().iter().zip(codes.rows()) {
        assert_eq!(text, Some(format!("{}-{}", codes[0], codes[1]).as_str()));
    }
    let mut values = vec![0.0; world.values.len()];
    semid::Rows::read(&scaled, 0, &mut values).unwrap();
    let query = "SELECT semid_distance(embedding, semid_encode(embedding, 'both'), 'both') FROM packages";
    let distances = world.column(query).await;
    let by_hand = values
        .chunks(DIM)
        .zip(decoded.chunks(DIM))
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)).fold(0.0, |sum, of| sum + of * of));
    assert!(by_hand.eq(distances.as_primitive::<Float64Type>().values().iter().copied()));
}
