//! Refuses what an engine must not do with calls and replies.

use super::*;
use crate::ErrorKind;
use crate::population::load::Loaded;
use crate::population::request::Answer;

/// What an engine does with the answers to its calls.
type Change = fn(&[Call], &mut Vec<Answered>);

/// An engine whose answers are changed.
struct Changed(Engine, Change);

impl Workers for Changed {
    fn shards(&self) -> Vec<u64> {
        self.0.shards()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        let mut answers = self.0.call(calls)?;
        (self.1)(calls, &mut answers);
        Ok(answers)
    }
}

fn changed_reply(answer: &mut Answered, change: impl FnOnce(&mut Answer)) {
    let mut reply = Reply::from_bytes(&answer.reply).unwrap();
    change(&mut reply.0);
    answer.reply = reply.to_bytes();
}

#[test]
fn answers_that_are_lost_different_or_foreign_end_the_fit() {
    let values = values(90, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    let cases: [(&str, Change); 10] = [
        ("rows per candidate exceed 64 bits", |_, answers| {
            for answer in answers {
                changed_reply(answer, |answer| {
                    if let Answer::Weights(weights) = answer {
                        weights.iter_mut().for_each(|weight| *weight = u64::MAX);
                    }
                });
            }
        }),
        ("call 2 has none", |_, answers| drop(answers.pop())),
        ("two replies to one call differ", |calls, answers| {
            let mut again = answers[0].clone();
            changed_reply(&mut again, |answer| {
                if let Answer::Potential(sum) = answer {
                    *sum += 1;
                }
            });
            answers.push(if calls[0].merges() { answers[0].clone() } else { again });
        }),
        ("another call than one of the 3", |_, answers| answers[0].calls = vec![3]),
        ("different requests", |calls, answers| {
            if calls.len() > 1 && !calls[0].merges() {
                answers[0].calls = vec![0, 1];
            }
        }),
        ("counts call 0 twice", |_, answers| answers[0].calls = vec![0, 0]),
        ("answered already", |_, answers| {
            answers[0].calls = vec![0, 1];
        }),
        ("the reply cannot be used", |_, answers| answers[0].reply.truncate(9)),
        ("must be the answer to what the shard was asked", |calls, answers| {
            if !calls[0].merges() {
                changed_reply(&mut answers[0], |answer| {
                    if let Answer::Places(places) = answer {
                        places.iter_mut().for_each(|place| *place = 30);
                    }
                });
            }
        }),
        ("must be the answer to what the shard was asked", |calls, answers| {
            if calls[0].merges() {
                answers[0].reply = Reply(Answer::Potential(7)).to_bytes();
            }
        }),
    ];
    for (said, change) in cases {
        let engine = Changed(Engine::new(&matrix, None, &spans(90, 3), Held::Workers), change);
        let fit = RqKMeans::new(1, 4).fit_on_workers(engine, &Device::cpu(), |_| ControlFlow::Continue(()));
        let error = fit.unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}

/// An engine that tells other sizes of its shards.
struct Sizes(Vec<u64>);

impl Workers for Sizes {
    fn shards(&self) -> Vec<u64> {
        self.0.clone()
    }

    fn dim(&self) -> usize {
        2
    }

    fn call(&mut self, _calls: &[Call]) -> Result<Vec<Answered>> {
        Ok(Vec::new())
    }
}

#[test]
fn shards_of_more_rows_than_sums_are_exact_for_are_refused() {
    for sizes in [vec![u64::MAX, 2], vec![1 << 37, 1], vec![(1 << 37) + 1]] {
        let fit = RqKMeans::new(1, 4).fit_on_workers(Sizes(sizes), &Device::cpu(), |_| ControlFlow::Continue(()));
        let error = fit.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Overflow { .. }), "{error}");
    }
}

/// Counts of values that no rows can have are refused, and others are added without an overflow.
#[test]
fn damaged_counts_of_far_values_do_no_harm() {
    let loaded = |values: u64| {
        let mut reply = Reply(Answer::Loaded(Loaded::default())).to_bytes();
        // They follow the letters, the version and the kind of the answer.
        let at = 4 + 4 + 1;
        reply[at..at + 8].copy_from_slice(&values.to_le_bytes());
        reply[at + 8] = u8::from(values > 0);
        Reply::from_bytes(&reply)
    };
    for (values, taken) in [(0, true), (1 << 50, true), ((1 << 50) + 1, false), (u64::MAX, false)] {
        assert_eq!(loaded(values).is_ok(), taken, "{values}");
    }
    let mut all = loaded(1 << 50).unwrap();
    for _ in 0..15 {
        let other = all.clone();
        all.merge(&other).unwrap();
    }
    assert!(matches!(all.0, Answer::Loaded(Loaded { saturation, .. }) if saturation.values == u64::MAX));
}

/// Far rows are asked for only where a cluster has lost its rows.
#[test]
fn far_rows_beyond_the_shard_are_refused() {
    let values: Vec<f32> = (0..60).map(|i| f32::from(u8::from(i % 7 == 0)) * 4.0).collect();
    let matrix = Matrix::new(&values, 1).unwrap();
    let change: Change = |_, answers| {
        for answer in answers {
            changed_reply(answer, |answer| {
                if let Answer::Farthest(rows) = answer {
                    rows.iter_mut().for_each(|row| row.place += 60);
                }
            });
        }
    };
    let params = RqKMeans::new(1, 9).init(Init::Random);
    let fit = |change: Change| {
        let engine = Changed(Engine::new(&matrix, None, &spans(60, 3), Held::Workers), change);
        params.fit_on_workers(engine, &Device::cpu(), |_| ControlFlow::Continue(()))
    };
    let asked = fit(|_, _| {}).unwrap().1.levels[0].empty_reseeded > 0;
    assert_eq!(fit(change).is_err(), asked);
}

#[test]
fn equal_requests_are_written_once() {
    struct Seen(Engine, usize);
    impl Workers for Seen {
        fn shards(&self) -> Vec<u64> {
            self.0.shards()
        }
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
            for (a, b) in calls.iter().zip(calls.iter().skip(1)).filter(|(a, b)| a.request() == b.request()) {
                assert!(Arc::ptr_eq(a.request(), b.request()), "the same bytes are there twice");
                self.1 += 1;
            }
            self.0.call(calls)
        }
    }
    let values = values(90, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    let mut engine = Seen(Engine::new(&matrix, None, &spans(90, 5), Held::Workers), 0);
    let fit = RqKMeans::new(2, 4).fit_on_workers(&mut engine, &Device::cpu(), |_| ControlFlow::Continue(()));
    assert_eq!(fit.unwrap(), whole(&RqKMeans::new(2, 4), &matrix));
    assert!(engine.1 > 20, "{}", engine.1);
}

#[test]
fn balanced_fits_on_workers_are_refused_before_any_call() {
    let values = values(60, 2, 1);
    let matrix = Matrix::new(&values, 2).unwrap();
    for params in [RqKMeans::new(2, 4).balanced(), RqKMeans::new(2, 4).sinkhorn(0.05, 5)] {
        let mut engine = Engine::new(&matrix, None, &spans(60, 1), Held::Workers);
        let fit = params.fit_on_workers(&mut engine, &Device::cpu(), |_| ControlFlow::Continue(()));
        let error = fit.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotWhole), "{error}");
        assert_eq!(engine.asked, 0);
    }
}
