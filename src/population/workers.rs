//! Workers in other processes or on other machines, which an engine of the caller's calls.

use super::request::{Reply, Request, State};
use super::{Ask, Population};
use crate::device::Table;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Workers that hold all rows between them, wherever they run: what an engine that runs them offers to a fit.
///
/// Shard 0 has the first rows, and the rows of every other shard follow those of the shard before it. The engine starts
/// one [`Worker`](super::Worker) per shard and brings it the bytes of requests. Scheduling, retries and the movement of
/// data are the engine's: it may repeat a request, send it to a worker that it started anew, and answer in any order.
///
/// ```
/// use semid::shards::{Answered, Call, Worker, Workers};
/// use semid::{Device, Matrix, Result, RqKMeans};
/// use std::ops::ControlFlow;
///
/// /// Workers in this process, in the place of an engine.
/// struct Local<'a>(Vec<Worker<'a>>);
///
/// impl Workers for Local<'_> {
///     fn shards(&self) -> Vec<u64> {
///         self.0.iter().map(Worker::rows).collect()
///     }
///     fn dim(&self) -> usize {
///         4
///     }
///     fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
///         let answer = |(i, call): (usize, &Call)| {
///             let reply = self.0[call.shard()].answer(call.request())?;
///             Ok(Answered { calls: vec![i], reply })
///         };
///         calls.iter().enumerate().map(answer).collect()
///     }
/// }
///
/// let values: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 4)?;
/// let (device, params) = (Device::cpu(), RqKMeans::new(2, 8));
/// let workers = [0..30, 30..100].map(|span| Worker::part(&rows, span, &device));
/// let (model, _) = params.fit_on_workers(Local(workers.into()), &device, |_| ControlFlow::Continue(()))?;
/// assert_eq!(model, params.fit(&rows, &device)?);
/// # Ok::<(), semid::Error>(())
/// ```
pub trait Workers: Send {
    /// Returns the number of rows of every shard, which stays the same.
    fn shards(&self) -> Vec<u64>;

    /// Returns the number of dimensions, D, which stays the same.
    fn dim(&self) -> usize;

    /// Brings every call's request to a worker of its shard, and returns the replies in any order.
    ///
    /// # Errors
    /// Whatever the engine can meet, as [`Error::source_of_rows`], and the errors of workers. An error ends the fit.
    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>>;
}

impl<W: Workers + ?Sized> Workers for &mut W {
    fn shards(&self) -> Vec<u64> {
        (**self).shards()
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        (**self).call(calls)
    }
}

/// A request for a worker of one shard.
#[derive(Clone, Debug)]
pub struct Call {
    shard: usize,
    request: Arc<[u8]>,
    merges: bool,
}

impl Call {
    /// Returns the number of the shard, from 0.
    pub fn shard(&self) -> usize {
        self.shard
    }

    /// Returns the bytes for [`Worker::answer`](super::Worker::answer). Calls with the same request share them.
    pub fn request(&self) -> &Arc<[u8]> {
        &self.request
    }

    /// Returns whether replies of several shards may be merged on their way, by [`Reply::merge`].
    pub fn merges(&self) -> bool {
        self.merges
    }
}

/// A reply of a worker, or the merged replies of several.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The calls that it answers, by their places in the list of calls. There are several only for a reply that was
    /// merged. Where a call was answered twice, the answers have to be the same.
    pub calls: Vec<usize>,
    /// The bytes of a [`Reply`].
    pub reply: Vec<u8>,
}

/// The workers of an engine, as a population.
pub(crate) struct Remote<'a>(Box<dyn Workers + 'a>);

impl<'a> Remote<'a> {
    pub(crate) fn new(workers: impl Workers + 'a) -> Self {
        Self(Box::new(workers))
    }
}

impl Population for Remote<'_> {
    fn shards(&self) -> Vec<u64> {
        self.0.shards()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>> {
        ask()?;
        let calls = calls(requests)?;
        let answered = self.0.call(&calls)?;
        ask()?;
        replies(requests, &calls, &answered, self.0.dim())
    }

    fn table(&mut self, _state: &Arc<State>, _ask: Ask<'_>) -> Result<Option<&mut dyn Table>> {
        Ok(None)
    }
}

/// Returns the calls of requests; those with equal requests share the bytes.
fn calls(requests: &[(usize, Request)]) -> Result<Vec<Call>> {
    let mut calls: Vec<Call> = Vec::with_capacity(requests.len());
    let mut before: Option<&Request> = None;
    for (shard, request) in requests {
        let bytes = match calls.last().filter(|_| before == Some(request)) {
            Some(call) => call.request.clone(),
            None => request.to_bytes()?.into(),
        };
        before = Some(request);
        calls.push(Call { shard: *shard, request: bytes, merges: request.reduction.merges() });
    }
    Ok(calls)
}

/// Returns the reply to every request.
fn replies(requests: &[(usize, Request)], calls: &[Call], answered: &[Answered], dim: usize) -> Result<Vec<Reply>> {
    let answer_of = answers_of_calls(calls, answered)?;
    let mut replies = Vec::with_capacity(requests.len());
    for (number, ((_, request), answer)) in requests.iter().zip(answer_of).enumerate() {
        let Some(Answered { calls, reply }) = answer.and_then(|answer| answered.get(answer)) else {
            return Err(unusable(format!("call {number} has none; answer every call")));
        };
        // The first call of a merged reply stands for all, and the other shards for none.
        replies.push(match calls.iter().min() == Some(&number) {
            true => Reply::from_bytes(reply)?,
            false => Reply(request.of_no_rows(dim)),
        });
    }
    Ok(replies)
}

/// Returns for every call the place of its answer, if it has one.
fn answers_of_calls(calls: &[Call], answered: &[Answered]) -> Result<Vec<Option<usize>>> {
    let mut answer_of: Vec<Option<usize>> = vec![None; calls.len()];
    for (place, answer) in answered.iter().enumerate() {
        let of = |number: &usize| answer_of.get(*number).copied().map(|earlier| (*number, earlier));
        let Some(found) = answer.calls.iter().map(of).collect::<Option<Vec<_>>>() else {
            return Err(unusable(format!(
                "it answers another call than one of the {}; send one answer to each of these",
                calls.len()
            )));
        };
        let mut parts = answer.calls.iter().filter_map(|number| calls.get(*number));
        let alike = parts.next().is_none_or(|first| {
            parts.all(|other| first.merges && other.merges && Arc::ptr_eq(&first.request, &other.request))
        });
        if !alike {
            return Err(unusable("it was merged of replies to different requests; merge those to one request"));
        }
        match found.first().and_then(|(_, earlier)| *earlier) {
            None if found.iter().all(|(_, earlier)| earlier.is_none()) => {
                for (number, _) in found {
                    if let Some(of) = answer_of.get_mut(number)
                        && of.replace(place).is_some()
                    {
                        return Err(unusable(format!("it counts call {number} twice; send one answer to each call")));
                    }
                }
            }
            earlier => same(earlier.and_then(|earlier| answered.get(earlier)), answer)?,
        }
    }
    Ok(answer_of)
}

/// Refuses an answer that is no repetition of an earlier one to the same calls.
fn same(earlier: Option<&Answered>, answer: &Answered) -> Result<()> {
    match earlier.filter(|earlier| earlier.calls == answer.calls) {
        Some(earlier) if earlier.reply == answer.reply => Ok(()),
        Some(_) => Err(unusable("two replies to one call differ; keep the shard's rows as they are")),
        None => Err(unusable("some of its calls were answered already; send one answer to each")),
    }
}

fn unusable(reason: impl Into<String>) -> Error {
    Error::message("reply", reason)
}
