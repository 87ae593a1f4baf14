//! Parameters through files: nothing is lost, nothing is guessed.

use crate::rq::{Algorithm, Clusters, Hierarchical, Init, MiniBatch};
use crate::{Metric, RqKMeans};
use serde_json::{Value, from_str, from_value, json, to_value};

/// Parameters of which each field differs from its default in some.
fn samples() -> Vec<RqKMeans> {
    let batches = MiniBatch { batch: 7, init_buffer: 9, layer_wise: false };
    vec![
        RqKMeans::default(),
        RqKMeans::new(2, [5, 9]).seed(u64::MAX).max_iter(1).tol(0.1 + 0.2).n_init(3).init(Init::Random),
        RqKMeans::new(1, 8).metric(Metric::Cosine).normalize_residuals(true).sample(77).center(false),
        RqKMeans::new(4, 8).algorithm(Algorithm::MiniBatch(batches)),
        RqKMeans::new(4, 8).balanced(),
        RqKMeans::new(4, 8).sizes(3, None),
        RqKMeans::new(4, 8).sizes(None, 5),
        RqKMeans::new(4, 8).sinkhorn(0.007, 13).tol(f64::MIN_POSITIVE / 4.0),
        RqKMeans::new(4, 8).algorithm(Algorithm::Hierarchical(Hierarchical { full_iter: 0 })).init(Init::Hierarchical),
        RqKMeans::new(4, 8).refine(6).refine_beam(5),
    ]
}

#[test]
fn every_field_stands_in_the_file_under_its_name() {
    let expected = r#"{"kind":"rq-kmeans","version":1,"levels":3,"clusters":256,"seed":42,"max_iter":100,"tol":0.0001,"#
        .to_owned()
        + r#""n_init":1,"init":"k-means++","metric":"l2","normalize_residuals":false,"algorithm":"lloyd","sizes":null,"#
        + r#""sinkhorn":null,"sample":null,"center":true,"refine":0,"refine_beam":1}"#;
    assert_eq!(serde_json::to_string(&RqKMeans::default()).unwrap(), expected);
    let fields = |params: &RqKMeans| to_value(params).unwrap();
    let [_, second, third, batches, balanced, fewest, most, sinkhorn, hierarchy, refined] =
        samples().try_into().unwrap();
    assert_eq!(
        (fields(&second)["clusters"].clone(), fields(&second)["init"].clone()),
        (json!([5, 9]), json!("random"))
    );
    assert_eq!(fields(&third)["metric"], "cosine");
    let expected = json!({"mini-batch": {"batch": 7, "init_buffer": 9, "layer_wise": false}});
    assert_eq!(fields(&batches)["algorithm"], expected);
    assert_eq!(fields(&balanced)["sizes"], json!({"max": null, "min": null}));
    assert_eq!(fields(&fewest)["sizes"], json!({"max": null, "min": 3}));
    assert_eq!(fields(&most)["sizes"], json!({"max": 5, "min": null}));
    assert_eq!(fields(&sinkhorn)["sinkhorn"], json!({"epsilon": 0.007, "iterations": 13}));
    assert_eq!(fields(&hierarchy)["algorithm"], json!({"hierarchical": {"full_iter": 0}}));
    assert_eq!(fields(&hierarchy)["init"], "hierarchical");
    assert_eq!((&fields(&refined)["refine"], &fields(&refined)["refine_beam"]), (&json!(6), &json!(5)));
}

#[test]
fn what_is_written_is_read_and_what_is_missing_has_its_default() {
    let default = to_value(RqKMeans::default()).unwrap();
    for params in samples() {
        let whole = to_value(&params).unwrap();
        assert_eq!(from_str::<RqKMeans>(&whole.to_string()).unwrap(), params);
        // Clusters go with levels, and the beam of a refinement with rounds of it.
        let alone = |name: &&String| !["levels", "refine"].contains(&name.as_str());
        for name in whole.as_object().unwrap().keys().filter(alone) {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(name);
            let mut expected = whole.clone();
            expected[name] = default[name].clone();
            // A list of clusters decides the levels, and one number does not.
            let (part, expected) = (from_value::<RqKMeans>(part), from_value::<RqKMeans>(expected));
            assert_eq!(part.unwrap(), expected.unwrap(), "without {name}");
        }
    }
    assert_eq!(from_str::<RqKMeans>("{}").unwrap(), RqKMeans::default());
    let read = |text: &str| from_str::<RqKMeans>(text).unwrap();
    assert_eq!(read(r#"{"clusters": [8, 4]}"#), RqKMeans::new(2, [8, 4]));
    let default = RqKMeans::default().algorithm(Algorithm::MiniBatch(MiniBatch::default()));
    assert_eq!(read(r#"{"algorithm": "mini-batch"}"#), default);
    assert_eq!(read(r#"{"algorithm": {"mini-batch": {}}}"#), default);
    let default = RqKMeans::default().algorithm(Algorithm::Hierarchical(Hierarchical::default()));
    assert_eq!(read(r#"{"algorithm": "hierarchical"}"#), default);
    assert_eq!(read(r#"{"algorithm": {"hierarchical": {}}}"#), default);
    assert_eq!(read(r#"{"sizes": {}}"#), RqKMeans::default().balanced());
    assert_eq!(read(r#"{"sinkhorn": {"epsilon": 0.01}}"#), RqKMeans::default().sinkhorn(0.01, 50));
}

#[test]
fn what_no_fit_takes_is_refused_with_its_name() {
    for (text, parts) in [
        (r#"{"cluster": 8}"#, &["unknown field `cluster`", "`clusters`"][..]),
        (r#"{"sizes": {"least": 8}}"#, &["unknown field `least`", "`min`"]),
        (r#"{"sinkhorn": {"epsilon": 0.01, "rounds": 8}}"#, &["unknown field `rounds`", "`iterations`"]),
        (r#"{"algorithm": {"mini-batch": {"size": 8}}}"#, &["unknown field `size`", "`batch`"]),
        (r#"{"algorithm": {"hierarchical": {"iterations": 8}}}"#, &["unknown field `iterations`", "`full_iter`"]),
        (r#"{"algorithm": {"lloyd": {}}}"#, &["unknown variant `lloyd`", "`mini-batch`"]),
        (r#"{"algorithm": "batch"}"#, &["unknown variant `batch`", "`lloyd`"]),
        (r#"{"algorithm": 3}"#, &["`lloyd`", "mini-batch"]),
        (r#"{"init": "kmeans++"}"#, &["unknown variant `kmeans++`", "`k-means++`"]),
        (r#"{"metric": "L2"}"#, &["unknown variant `L2`", "`l2`"]),
        (r#"{"kind": "rq-vae"}"#, &["unknown variant `rq-vae`", "`rq-kmeans`"]),
        (r#"{"version": 2}"#, &["version 2"]),
        (r#"{"version": 0}"#, &["version"]),
        (r#"{"levels": 0}"#, &["`levels` = 0"]),
        (r#"{"levels": 257}"#, &["`levels` = 257"]),
        (r#"{"levels": 2, "clusters": [8]}"#, &["2 levels"]),
        (r#"{"clusters": 0}"#, &["0 clusters"]),
        (r#"{"clusters": -1}"#, &["`-1`", "a number of clusters"]),
        (r#"{"clusters": "8"}"#, &["a number of clusters"]),
        (r#"{"clusters": []}"#, &["`levels` = 0"]),
        (r#"{"max_iter": 0}"#, &["`max_iter` = 0"]),
        (r#"{"tol": -1}"#, &["`tol` = -1"]),
        (r#"{"n_init": 0}"#, &["`n_init` = 0"]),
        (r#"{"sample": 0}"#, &["`sample` = 0"]),
        (r#"{"algorithm": {"mini-batch": {"batch": 0}}}"#, &["`batch` = 0"]),
        (r#"{"sinkhorn": {"epsilon": 1e-9}}"#, &["`sinkhorn_epsilon`"]),
        (r#"{"sinkhorn": {}}"#, &["missing field `epsilon`"]),
        (r#"{"sinkhorn": {"epsilon": 0.01}, "sizes": {}}"#, &["balanced exactly or by Sinkhorn"]),
        (r#"{"algorithm": "mini-batch", "sizes": {}}"#, &["`algorithm` = mini-batch", "need all rows"]),
        (r#"{"algorithm": "hierarchical", "sizes": {}}"#, &["`algorithm` = hierarchical", "need all rows"]),
        (
            r#"{"algorithm": "hierarchical", "sinkhorn": {"epsilon": 0.01}}"#,
            &["`algorithm` = hierarchical", "needs all rows"],
        ),
    ] {
        let error = from_str::<RqKMeans>(text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

#[test]
fn types_of_parameters_stand_for_themselves() {
    assert_eq!(from_str::<MiniBatch>("{}").unwrap(), MiniBatch::default());
    assert!(from_str::<MiniBatch>(r#"{"batches": 1}"#).is_err());
    for clusters in [Clusters::Same(8), Clusters::PerLevel(vec![8, 8]), Clusters::PerLevel(Vec::new())] {
        let text = serde_json::to_string(&clusters).unwrap();
        assert_eq!(from_str::<Clusters>(&text).unwrap(), clusters);
    }
    assert_eq!(to_value(Metric::Cosine).unwrap(), Value::from(Metric::Cosine.name()));
}

#[test]
fn getters_tell_what_was_set() {
    let params = RqKMeans::new(2, [5, 9]).seed(1).max_iter(2).tol(0.5).n_init(3).init(Init::Random).sizes(4, 6);
    let params = params.metric(Metric::Cosine).normalize_residuals(true).sample(7).center(false);
    assert_eq!((params.get_levels(), params.get_clusters()), (2, &Clusters::PerLevel(vec![5, 9])));
    assert_eq!((params.get_seed(), params.get_max_iter(), params.get_tol(), params.get_n_init()), (1, 2, 0.5, 3));
    assert_eq!((params.get_init(), params.get_metric()), (Init::Random, Metric::Cosine));
    assert_eq!((params.get_normalize_residuals(), params.get_center()), (true, false));
    assert_eq!((params.get_sizes(), params.get_sample()), (Some((Some(4), Some(6))), Some(7)));
    assert_eq!((params.get_algorithm(), params.get_sinkhorn()), (Algorithm::Lloyd, None));
    assert_eq!(params.sinkhorn(0.5, 6).get_sinkhorn(), Some((0.5, 6)));
}
