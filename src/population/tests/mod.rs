//! Every division of rows into shards, wherever they are, gives the bits of the whole.

mod answers;
mod divisions;
mod engines;
mod messages;
mod pipes;
mod refused;

use super::request::{Reply, Request, State};
use super::{Answered, Ask, Call, Population, Remote, Shard, Sharded, Worker, Workers};
use crate::device::tests::adapters;
use crate::device::{Purpose, Table};
use crate::error::Result;
use crate::rng::row_hash;
use crate::rq::{Algorithm, FitReport, Hierarchical, Init, MiniBatch, Start};
use crate::{Device, Matrix, Metric, Rows, RqKMeans, RqKMeansModel, Weights};
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, OnceLock};

/// Makes rows in loose groups, a third of them exact duplicates of others.
fn values(rows: usize, dim: usize, seed: u64) -> Vec<f32> {
    let value = |row: usize, d: usize| {
        let row = if row % 3 == 1 { row / 7 } else { row };
        let group = row_hash(seed, (row % 11 * dim + d) as u64) % 3000;
        (group + row_hash(seed + 1, (row * dim + d) as u64) % 700) as f32 / 64.0 - 20.0
    };
    (0..rows).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}

/// Fits of every kind that shards support.
fn kinds(base: &RqKMeans) -> Vec<RqKMeans> {
    let small = MiniBatch { batch: 40, init_buffer: 60, layer_wise: true };
    vec![
        base.clone(),
        base.clone().tol(0.0).max_iter(30),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().n_init(3),
        base.clone().sample(150),
        base.clone().init(Init::Random),
        base.clone().center(false),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone()
            .algorithm(Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..small }))
            .normalize_residuals(true),
        base.clone().algorithm(Algorithm::Hierarchical(Hierarchical::default())),
        base.clone().init(Init::Hierarchical).metric(Metric::Cosine),
        base.clone().refine(3),
        base.clone().refine(4).refine_beam(3).sample(150).metric(Metric::Cosine),
    ]
}

/// Returns different devices: the reference, the CPU and every adapter.
fn devices() -> &'static [Device] {
    static DEVICES: OnceLock<Vec<Device>> = OnceLock::new();
    DEVICES.get_or_init(|| [Device::cpu(), Device::reference()].into_iter().chain(adapters().iter().cloned()).collect())
}

/// Returns `shards` spans of the rows; where there are more than four, one is empty and one has a single row.
fn spans(rows: usize, shards: usize) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> = (1..=shards).map(|i| rows * i / shards).collect();
    if shards > 4 {
        ends[2] = ends[1];
        ends[3] = ends[2] + 1;
    }
    std::iter::once(0).chain(ends.clone()).zip(ends).map(|(start, end)| start..end).collect()
}

/// The ways of holding shards.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Held {
    /// Each shard has its own device, whose table it keeps; all kinds of devices occur.
    Devices,
    /// The shards take turns with one table, and keep codes and distances.
    Turns,
    /// The shards take turns and keep nothing.
    Forgetful,
    /// The first shard stays, the others take turns.
    Mixed,
    /// An engine calls workers.
    Workers,
    /// It loses every worker before every third request, and starts it anew.
    Restarted,
    /// It merges replies on their way, and brings them in another order, some of them twice.
    Merged,
}

const HELD: [Held; 7] =
    [Held::Devices, Held::Turns, Held::Forgetful, Held::Mixed, Held::Workers, Held::Restarted, Held::Merged];

fn population<'a>(rows: &'a dyn Rows, spans: &[Range<usize>], held: Held) -> Box<dyn Population + 'a> {
    weighted(rows, None, spans, held)
}

/// A population of rows that count as often as `weights` say.
fn weighted<'a>(
    rows: &'a dyn Rows,
    weights: Option<&Weights>,
    spans: &[Range<usize>],
    held: Held,
) -> Box<dyn Population + 'a> {
    let device = |i: usize| &devices()[if held == Held::Devices { i % devices().len() } else { 0 }];
    let shard = |(i, span): (usize, &Range<usize>)| {
        let shard = Shard::new(rows, span.clone(), 0, device(i), Purpose::Fit).weighted(weights.cloned());
        shard.keeping(!matches!(held, Held::Devices | Held::Forgetful))
    };
    let shards: Vec<Shard<'a>> = spans.iter().enumerate().map(shard).collect();
    let sharded = Sharded::new(shards, rows.dim());
    match held {
        Held::Devices => Box::new(sharded),
        Held::Turns | Held::Forgetful => Box::new(sharded.resident(0)),
        Held::Mixed => Box::new(sharded.resident(1)),
        Held::Workers | Held::Restarted | Held::Merged => {
            Box::new(Remote::new(Engine::new(rows, weights, spans, held)))
        }
    }
}

/// An engine whose workers are in this process and see bytes alone.
struct Engine {
    parts: Vec<Arc<Part>>,
    workers: Vec<Worker<'static>>,
    held: Held,
    asked: usize,
}

/// The rows that one process holds.
struct Part {
    values: Vec<f32>,
    dim: usize,
    first: u64,
    weights: Option<Weights>,
}

impl Rows for Part {
    fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        Matrix::new(&self.values, self.dim)?.read(first, out)
    }
}

impl Engine {
    fn new(rows: &dyn Rows, weights: Option<&Weights>, spans: &[Range<usize>], held: Held) -> Self {
        let part = |span: &Range<usize>| {
            let mut values = vec![0.0; span.len() * rows.dim()];
            rows.read(span.start, &mut values).unwrap();
            let of_part = |weights: &Weights| Weights::new(span.clone().map(|row| weights.of(row))).unwrap();
            let first = weights.map_or(span.start as u64, |weights| weights.first(span.start));
            Arc::new(Part { values, dim: rows.dim(), first, weights: weights.map(of_part) })
        };
        let parts: Vec<Arc<Part>> = spans.iter().map(part).collect();
        Self { workers: parts.iter().map(Self::worker).collect(), parts, held, asked: 0 }
    }

    fn worker(part: &Arc<Part>) -> Worker<'static> {
        let worker = Worker::new(part.clone(), part.first, &Device::cpu());
        match &part.weights {
            Some(weights) => worker.weighted(weights).unwrap(),
            None => worker,
        }
    }

    /// Merges every second answer with the one before it, in two rounds, and turns the order around.
    fn merged(&self, calls: &[Call], mut answers: Vec<Answered>) -> Vec<Answered> {
        for round in 0..2 {
            let mut fewer: Vec<Answered> = Vec::new();
            for (i, answer) in answers.into_iter().enumerate() {
                match fewer.last_mut().filter(|_| i % 2 == 1 && answer.calls.iter().all(|call| calls[*call].merges())) {
                    Some(last) => {
                        let [mut all, more] =
                            [&last.reply, &answer.reply].map(|reply| Reply::from_bytes(reply).unwrap());
                        all.merge(&more).unwrap();
                        last.reply = all.to_bytes();
                        last.calls.extend(answer.calls);
                    }
                    None => fewer.push(answer),
                }
            }
            if round == self.asked % 2 {
                fewer.reverse();
            }
            answers = fewer;
        }
        let again = answers.first().cloned();
        answers.extend(again);
        answers
    }
}

impl Workers for Engine {
    fn shards(&self) -> Vec<u64> {
        self.workers.iter().map(Worker::rows).collect()
    }

    fn dim(&self) -> usize {
        self.parts[0].dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        let mut answer = |(i, call): (usize, &Call)| {
            self.asked += 1;
            let shard = call.shard();
            if self.held == Held::Restarted && self.asked.is_multiple_of(3) {
                self.workers[shard] = Self::worker(&self.parts[shard]);
            }
            Ok(Answered { calls: vec![i], reply: self.workers[shard].answer(call.request())? })
        };
        let answers = calls.iter().enumerate().map(&mut answer).collect::<Result<Vec<_>>>()?;
        Ok(if self.held == Held::Merged { self.merged(calls, answers) } else { answers })
    }
}

/// Fits all levels over a population.
fn fit_over(params: &RqKMeans, population: Box<dyn Population + '_>) -> Result<(RqKMeansModel, FitReport)> {
    let mut fit = params.begin_over(population, Start::Rows, &Device::cpu(), &mut |_| ControlFlow::Continue(()))?;
    while fit.next_level()?.is_some() {}
    fit.finish()
}

/// Fits the same on one table of the reference.
fn whole(params: &RqKMeans, rows: &dyn Rows) -> (RqKMeansModel, FitReport) {
    params.fit_with(rows, &Device::reference(), |_| ControlFlow::Continue(())).unwrap()
}
