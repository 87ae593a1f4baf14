//! A kind that only the caller knows is swept as those of this crate are.

use super::{DIM, place, values};
use crate::metrics::Evaluation;
use crate::quantizer::{FinishedTraining, Parameters, TrainOptions, Trainer, Training, TrainingProgress};
use crate::{Device, ErrorKind, Matrix, Result, Rows, RqKMeans, Sweep};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Residual k-means that is trained all at once, with a parameter of its own.
#[derive(Clone, Debug)]
struct Own {
    clusters: Vec<usize>,
    seed: u64,
    rounds: usize,
}

impl Own {
    fn k_means(&self) -> RqKMeans {
        RqKMeans::new(self.clusters.len(), self.clusters.clone()).seed(self.seed).max_iter(self.rounds)
    }
}

impl Trainer for Own {
    fn kind(&self) -> &'static str {
        "own"
    }

    fn parameters(&self) -> Result<BTreeMap<String, Value>> {
        let fields = [("kind", json!("own")), ("clusters", json!(self.clusters)), ("rounds", json!(self.rounds))];
        Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn variant(&self, clusters: &[usize], seed: u64, balanced: bool) -> Arc<dyn Trainer> {
        assert!(!balanced, "a kind that takes no balance is asked for it");
        Arc::new(Self { clusters: clusters.to_vec(), seed, ..self.clone() })
    }

    fn check(&self, rows: usize, dim: usize) -> Result<()> {
        self.k_means().check(rows, dim).map(drop)
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        _: &TrainOptions<'_>,
        _: &mut dyn FnMut(&TrainingProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Box<dyn Training + 'a>> {
        Ok(Box::new(FinishedTraining::new(self.k_means().fit(rows, device)?, rows.len())))
    }
}

#[test]
fn its_runs_are_fitted_measured_and_gone_on_from() {
    let values = values();
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let (_folder, path) = place();
    let own = |rounds| Parameters::from(Own { clusters: vec![1], seed: 0, rounds });
    let sweep = |rounds| {
        let sweep = Sweep::new([1, 2], [4, 8]).kinds([own(rounds)]).balanced([false, true]);
        sweep.evaluation(Evaluation::new().k(3))
    };
    let records = sweep(7).run(&rows, &device, &path).unwrap();
    let names: Vec<String> = records.iter().map(|record| record.parameters.name()).collect();
    assert_eq!(names, ["own-1x4-seed42", "own-2x4-seed42", "own-1x8-seed42", "own-2x8-seed42"]);
    for record in &records {
        let clusters = record.parameters.clusters.clone();
        let expected = RqKMeans::new(clusters.len(), clusters).max_iter(7).fit(&rows, &device).unwrap();
        assert_eq!((&record.fingerprint, &record.settings["rounds"]), (&expected.fingerprint(), &json!(7)));
        assert_eq!(sweep(7).model(record, &rows, &device).unwrap().fingerprint(), expected.fingerprint());
    }
    assert_eq!(sweep(7).run(&rows, &device, &path).unwrap(), records);
    let error = sweep(8).run(&rows, &device, &path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherSweep { what, .. } if what == "rounds"), "{error}");
    assert!(own(7) == own(7) && own(7) != own(8) && own(7) != RqKMeans::default().into());
}
