//! Refuses what shards cannot do, and shards that misbehave.

use super::*;
use crate::ErrorKind;
use crate::partial::Partial;
use crate::population::request::Answer;

#[test]
fn balanced_fits_need_all_rows_in_one_table() {
    let values = values(60, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    for params in [RqKMeans::new(2, 4).balanced(), RqKMeans::new(2, 4).sinkhorn(0.05, 5)] {
        let over = |held, shards| fit_over(&params, population(&matrix, &spans(60, shards), held));
        assert_eq!(over(Held::Devices, 1).unwrap(), whole(&params, &matrix));
        for error in [over(Held::Devices, 2), over(Held::Turns, 1)].map(Result::unwrap_err) {
            assert!(matches!(error.kind(), ErrorKind::NotWhole), "{error}");
            assert!(error.to_string().contains("fit on a sample"), "{error}");
        }
        let error = params.fit(&matrix, &Device::cpu().with_memory(64 << 20)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotWhole), "{error}");
    }
}

#[test]
fn too_little_memory_is_said_before_any_work() {
    let values = values(60, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    let error = RqKMeans::new(1, 4).fit(&matrix, &Device::cpu().with_memory(1 << 20)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Memory { bytes: 1_048_576, needed, .. } if *needed > 1 << 20), "{error}");
}

/// A population whose second shard is counted twice, or not at all.
struct Miscounted<'a>(Box<dyn Population + 'a>, bool);

impl Population for Miscounted<'_> {
    fn shards(&self) -> Vec<u64> {
        self.0.shards()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>> {
        let mut replies = self.0.call(requests, ask)?;
        for (reply, (shard, _)) in replies.iter_mut().zip(requests) {
            if let Reply(Answer::Sums(sums)) = reply
                && *shard == 1
            {
                let other = sums.clone();
                if self.1 { sums.merge(&other)? } else { *sums = Partial::new(sums.counts().len(), sums.dim()) }
            }
        }
        Ok(replies)
    }

    fn table(&mut self, _state: &Arc<State>, _ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        Ok(None)
    }
}

#[test]
fn lost_and_doubled_shards_are_noticed() {
    let values = values(60, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    for doubled in [false, true] {
        let population = Miscounted(population(&matrix, &spans(60, 3), Held::Devices), doubled);
        let error = fit_over(&RqKMeans::new(1, 3), Box::new(population)).unwrap_err();
        let found_ = if doubled { 80 } else { 40 };
        assert!(matches!(error.kind(), ErrorKind::Shards { found, expected: 60 } if *found == found_), "{error}");
    }
}

#[test]
fn sums_of_other_shapes_are_not_merged() {
    let mut partial = Partial::new(3, 2);
    partial.add(1, &[4, -5]);
    let before = partial.clone();
    for other in [Partial::new(2, 2), Partial::new(3, 1), Partial::new(1, 6)] {
        let error = partial.merge(&other).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Shape { expected: (3, 2), .. }), "{error}");
    }
    let many = |count: u64, sum: i64| Partial::from_parts(vec![count, 0, 0], vec![sum, 0, 0, 0, 0, 0], 2);
    for (count, sum) in [(u64::MAX, 0), (Partial::MAX_ROWS, 0), (0, i64::MIN), (0, i64::MAX)] {
        let error = partial.merge(&many(count, sum)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Overflow { .. }), "{count} {sum}: {error}");
    }
    assert_eq!(partial, before);
}

/// The largest sums that are taken from anybody have a mean.
#[test]
fn means_of_the_largest_sums_are_exact() {
    let (rows, most) = (Partial::MAX_ROWS, 1_i64 << 24);
    let sum = most * rows as i64;
    let of = |sum: i64| Partial::from_parts(vec![rows], vec![sum, -sum], 2);
    let partial = Partial::from_bytes(&of(sum).to_bytes()).unwrap();
    assert_eq!(partial.centroid(0).unwrap().collect::<Vec<_>>(), [1 << 24, -(1 << 24)]);
    let mut none = Partial::new(1, 2);
    none.merge(&partial).unwrap();
    assert_eq!(none.centroid(0).unwrap().collect::<Vec<_>>(), [1 << 24, -(1 << 24)]);
    assert!(Partial::from_bytes(&of(sum + 1).to_bytes()).is_err());
    let more = Partial::from_parts(vec![rows + 1], vec![0, 0], 2);
    assert!(Partial::from_bytes(&more.to_bytes()).is_err());
}

#[test]
fn workers_refuse_requests_about_other_rows() {
    let (two, three) = (values(20, 2, 1), values(20, 3, 1));
    let (two, three) = (Matrix::new(&two, 2).unwrap(), Matrix::new(&three, 3).unwrap());
    let mut asked = Vec::new();
    let mut sharded = Sharded::new(vec![Shard::new(two, 0..20, 0, &Device::cpu(), Purpose::Fit)], 2);
    let mut residuals = crate::population::Residuals::new(
        Box::new(Spy(&mut sharded, &mut asked)),
        crate::rng::Sample::ALL,
        &Device::cpu(),
    );
    residuals.gather(&[7, 1], &mut || Ok(())).unwrap();
    drop(residuals);
    let bytes = asked[0].to_bytes().unwrap();
    let error = Worker::new(three, 0, &Device::cpu()).answer(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DimMismatch { expected: 2, found: 3 }), "{error}");
    let few = values(5, 2, 1);
    let few = Matrix::new(&few, 2).unwrap();
    let error = Worker::new(few, 0, &Device::cpu()).answer(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Parameter { name: "places", .. }), "{error}");
}

/// Records the requests.
struct Spy<'p, 'a>(&'p mut Sharded<'a>, &'p mut Vec<Request>);

impl Population for Spy<'_, '_> {
    fn shards(&self) -> Vec<u64> {
        self.0.shards()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>> {
        self.1.extend(requests.iter().map(|(_, request)| request.clone()));
        self.0.call(requests, ask)
    }

    fn table(&mut self, state: &Arc<State>, ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        self.0.table(state, ask)
    }
}
