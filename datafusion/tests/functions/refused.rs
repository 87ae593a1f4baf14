//! What the functions refuse.

use crate::world::{DIM, ROWS, World, of_function};
use semid::rq::MAX_CLUSTERS;
use semid::{Device, ErrorKind, LabelledFit, Labels, Matrix, Model, RqKMeans};
use semid_datafusion::{FunctionError as E, Functions};

#[tokio::test]
async fn models_that_are_not_there_or_not_constant() {
    let world = World::new().await;
    let (error, text) = world.error("SELECT semid_encode(embedding, 'none.safetensors') FROM packages").await;
    assert!(
        matches!(of_function(&error), E::Model { name, source }
        if name == "none.safetensors" && matches!(source.kind(), ErrorKind::Io { .. })),
        "{text}"
    );
    let (error, text) = world.error("SELECT semid_encode(embedding, name) FROM packages").await;
    assert!(matches!(of_function(&error), E::NotConstant { argument: "model", .. }), "{text}");
    let (error, text) = world.error("SELECT semid_encode(embedding, NULL) FROM packages").await;
    assert!(matches!(of_function(&error), E::NotConstant { argument: "model", .. }), "{text}");
    let (error, text) = world.error("SELECT semid_id(semid_encode(embedding, 'MODEL'), name) FROM packages").await;
    assert!(matches!(of_function(&error), E::NotConstant { argument: "form", .. }), "{text}");
}

#[tokio::test]
async fn rows_that_are_no_embeddings() {
    let world = World::new().await;
    let (error, text) = world.error("SELECT semid_encode(make_array(1.0, 2.0), 'MODEL')").await;
    assert!(matches!(of_function(&error), E::Width { row: 0, expected: 384, found: 2, .. }), "{text}");
    let (error, text) = world.error("SELECT semid_encode(make_array(1.0, NULL), 'MODEL')").await;
    assert!(matches!(of_function(&error), E::NullValue { row: 0, place: 1, .. }), "{text}");
    for value in ["CAST('NaN' AS DOUBLE)", "1e300"] {
        let query = format!("SELECT semid_encode(array_repeat({value}, 384), 'MODEL')");
        let (error, text) = world.error(&query).await;
        assert!(
            matches!(of_function(&error), E::Semid { function: "semid_encode", source }
            if matches!(source.kind(), ErrorKind::NotFinite { row: 0, column: 0, .. })),
            "{text}"
        );
    }
}

#[tokio::test]
async fn codes_that_no_model_gives() {
    let world = World::new().await;
    let (error, text) = world.error("SELECT semid_distance(make_array(3, 24), make_array(3, 0), 'MODEL')").await;
    assert!(
        matches!(of_function(&error), E::Semid { source, .. }
        if matches!(source.kind(), ErrorKind::Code { level: 1, code: 24, clusters: 24, .. })),
        "{text}"
    );
    let ragged = "FROM (VALUES (make_array(1, 2)), (make_array(1))) AS t(codes)";
    let (error, text) = world.error(&format!("SELECT semid_stats(codes) {ragged}")).await;
    assert!(matches!(of_function(&error), E::Levels { row: 1, expected: 2, found: 1, .. }), "{text}");
    let (error, text) = world.error(&format!("SELECT semid_distance(codes, codes, 'MODEL') {ragged}")).await;
    assert!(matches!(of_function(&error), E::Levels { row: 1, expected: 2, found: 1, .. }), "{text}");
    let (error, text) = world.error("SELECT semid_stats(make_array(1, 65536))").await;
    assert!(
        matches!(of_function(&error), E::Semid { source, .. }
        if matches!(source.kind(), ErrorKind::Code { level: 1, clusters: MAX_CLUSTERS, .. })),
        "{text}"
    );
    let (error, text) = world.error("SELECT semid_id(make_array(1, 2), '')").await;
    assert!(matches!(of_function(&error), E::Semid { function: "semid_id", .. }), "{text}");
    let (error, text) = world.error("SELECT semid_id(make_array(1, 2), '{code}')").await;
    assert!(matches!(of_function(&error), E::Semid { function: "semid_id", .. }), "{text}");
    let distinct = "SELECT semid_stats(DISTINCT semid_encode(embedding, 'MODEL')), count(*) FROM packages";
    let (error, text) = world.error(distinct).await;
    assert!(matches!(of_function(&error), E::Distinct { .. }), "{text}");
}

#[tokio::test]
async fn a_model_whose_codes_have_no_distance() {
    let world = World::with(|params| params.normalize_residuals(true)).await;
    let query = "SELECT semid_distance(embedding, semid_encode(embedding, 'MODEL'), 'MODEL') FROM packages";
    let (error, text) = world.error(query).await;
    assert!(matches!(of_function(&error), E::NoDistance { name } if *name == world.path), "{text}");
}

/// A code without its label would be that of an unknown one. Distances of codes need no labels.
#[tokio::test]
async fn a_model_that_takes_labels() {
    let world = World::new().await;
    let kinds: Vec<Option<&str>> = (0..ROWS).map(|row| Some(["tea", "cup"][row % 2])).collect();
    let labels = Labels::new([("kind", kinds)]).unwrap();
    let rows = Matrix::new(&world.values, DIM).unwrap();
    let fitted = RqKMeans::new(1, 24).fit_labelled(&rows, &LabelledFit::new(&labels), &Device::cpu()).unwrap();
    Functions::new(Device::cpu()).with_model("labelled", Model::from(fitted)).unwrap().register(&world.context);
    let (error, text) = world.error("SELECT semid_encode(embedding, 'labelled') FROM packages").await;
    assert!(matches!(of_function(&error), E::Labels { name, columns } if name == "labelled" && columns == "kind"));
    assert!(text.contains("takes its first codes from the labels of kind"), "{text}");
    let query = "SELECT semid_distance(make_array(0, 3), make_array(1, 3), 'labelled')";
    assert_eq!(world.column(query).await.null_count(), 0);
}

/// Types are refused while the query is planned, with what would do.
#[tokio::test]
async fn types_that_do_not_fit() {
    let world = World::new().await;
    for (query, usage) in [
        ("SELECT semid_encode(name, 'MODEL') FROM packages", "semid_encode(embedding, 'model') takes"),
        ("SELECT semid_encode(embedding) FROM packages", "semid_encode(embedding, 'model') takes"),
        ("SELECT semid_id(embedding) FROM packages", "semid_id(codes [, form]) takes"),
        ("SELECT semid_distance(name, embedding, 'MODEL') FROM packages", "semid_distance(a, b, 'model') takes"),
        ("SELECT semid_stats(embedding) FROM packages", "semid_stats(codes) takes"),
    ] {
        let error = world.context.sql(&query.replace("MODEL", &world.path)).await.unwrap_err().to_string();
        assert!(error.contains(usage), "{query}: {error}");
    }
}
