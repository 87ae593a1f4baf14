//! Writes the first messages of every kind between a fit and its worker to a folder, as seeds: messages FOLDER

use semid::shards::{Answered, Call, Worker, Workers};
use semid::{Device, Matrix, Result, RqKMeans};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

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
            // The kind of a reply stands after its letters and version.
            if self.kinds.insert(reply[8]) {
                let put = |name: &str, bytes: &[u8]| std::fs::write(self.folder.join(name), bytes).unwrap();
                put(&format!("request-{}", reply[8]), call.request());
                put(&format!("reply-{}", reply[8]), &reply);
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
    // Rows that are equal leave clusters empty, so that the farthest rows are asked for.
    let params = RqKMeans::new(2, 9);
    let mut recording = Recording { worker: Worker::new(rows, 0, &device), folder, kinds: HashSet::new() };
    params.fit_on_workers(&mut recording, &device, |_| ControlFlow::Continue(())).unwrap();
    println!("wrote messages of {} kinds", recording.kinds.len());
}
