//! Writes the first request and the first reply of every kind between a fit and its worker to a folder, as seeds:
//! messages FOLDER

use semid::shards::{Answered, Call, Worker, Workers};
use semid::{Device, Matrix, Result, RqKMeans};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The number of the kind that asks for the farthest rows.
const FARTHEST: u8 = 6;

struct Recording<'a> {
    worker: Worker<'a>,
    folder: PathBuf,
    kinds: HashSet<u8>,
}

impl Workers for Recording<'_> {
    fn shards(&self) -> Vec<u64> {
        vec![self.worker.rows()]
    }

    fn dim(&self) -> usize {
        self.worker.dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        let mut answers = Vec::new();
        for (i, call) in calls.iter().enumerate() {
            let reply = self.worker.answer(call.request())?;
            // The kind of a reply stands after its letters and version; it has the number of its request's kind.
            let kind = reply[8];
            let put = |name: String, bytes: &[u8]| std::fs::write(self.folder.join(name), bytes).unwrap();
            if self.kinds.insert(kind) {
                put(format!("request-{kind}"), call.request());
                put(format!("reply-{kind}"), &reply);
                // Every row equals a codeword there, so none is far. From 9 codewords of zeros, before the number of
                // rows that are asked for, they are.
                if kind == FARTHEST {
                    let mut request = call.request().to_vec();
                    let end = request.len() - 8;
                    request[end - 9 * 4 * 4..end].fill(0);
                    put(format!("request-{kind}-far"), &request);
                    put(format!("reply-{kind}-far"), &self.worker.answer(&request)?);
                }
            }
            answers.push(Answered { calls: vec![i], reply });
        }
        Ok(answers)
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("give a folder"));
    let values = semid_fuzz::values();
    let rows = Matrix::new(&values, 4).unwrap();
    let device = Device::reference();
    let mut recording = Recording { worker: Worker::new(rows, 0, &device), folder, kinds: HashSet::new() };
    // There are fewer rows that differ than 9 codewords, so clusters stay empty and the farthest rows are asked for.
    // The rounds of refinement ask for the sums of all levels. The candidates for a single codeword are drawn where
    // the rows are.
    for params in [RqKMeans::new(2, 9).refine(2).refine_beam(2), RqKMeans::new(1, 1)] {
        params.fit_on_workers(&mut recording, &device, |_| ControlFlow::Continue(())).unwrap();
    }
    println!("wrote messages of {} kinds", recording.kinds.len());
}
