//! Drives workers through pipes, as between processes.

use super::*;
use crate::ErrorKind;
use crate::population::Pipe;
use std::io::{PipeReader, PipeWriter, Write as _, pipe};

/// Workers in threads, at the other ends of pipes.
struct Threads(Vec<Pipe<PipeReader, PipeWriter>>);

impl Workers for Threads {
    fn shards(&self) -> Vec<u64> {
        self.0.iter().map(Pipe::rows).collect()
    }

    fn dim(&self) -> usize {
        self.0[0].dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        let mut answer = |(i, call): (usize, &Call)| {
            Ok(Answered { calls: vec![i], reply: self.0[call.shard()].answer(call.request())? })
        };
        calls.iter().enumerate().map(&mut answer).collect()
    }
}

#[test]
fn a_fit_through_pipes_has_the_fingerprint_of_the_whole() {
    let values = values(200, 3, 2);
    let matrix = Matrix::new(&values, 3).unwrap();
    let params = RqKMeans::new(2, [6, 5]).max_iter(6);
    std::thread::scope(|scope| {
        let pipes = spans(200, 3).into_iter().map(|span| {
            let ((input, to), (from, output)) = (pipe().unwrap(), pipe().unwrap());
            scope.spawn(move || Worker::part(matrix, span, &Device::cpu()).serve(input, output).unwrap());
            Pipe::open(from, to).unwrap()
        });
        let mut threads = Threads(pipes.collect());
        let error = threads.0[1].answer(b"nonsense").unwrap_err();
        assert!(error.to_string().contains("the request cannot be used"), "{error}");
        let fit = params.fit_on_workers(threads, &Device::cpu(), |_| ControlFlow::Continue(()));
        assert_eq!(fit.unwrap(), whole(&params, &matrix));
    });
}

/// Says what is wrong with what a worker says.
fn refused(said: &[u8]) -> String {
    let pipe = Pipe::open(said, std::io::sink());
    let error = pipe.and_then(|mut pipe| pipe.answer(&[1, 2, 3])).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Message { .. } | ErrorKind::Source(_)), "{error}");
    error.to_string()
}

#[test]
fn damaged_answers_are_refused() {
    let mut good = b"SIDw\x01\0\0\0".to_vec();
    good.extend(5_u64.to_le_bytes());
    good.extend(2_u64.to_le_bytes());
    let with = |more: &[u8]| [good.as_slice(), more].concat();
    let length = |length: u64| length.to_le_bytes();
    assert!(refused(&good[..20]).contains("the worker has ended"));
    assert!(refused(b"Hello, world, this is no worker").contains("another program or version"));
    assert!(refused(&[&good[..16], &length(0)[..]].concat()).contains("dimensions"));
    assert!(refused(&good).contains("the worker has ended"));
    assert!(refused(&with(&[0, 1, 2])).contains("cut off"));
    // A length beyond all memory takes none.
    assert!(refused(&with(&[&[0][..], &length(u64::MAX), b"abc"].concat())).contains("cut off after 3 of"));
    assert!(refused(&with(&[&[7][..], &length(1), b"a"].concat())).contains("7 stands for no kind"));
    assert!(refused(&with(&[&[1][..], &length(4), b"oops"].concat())).contains("oops"));
}

#[test]
fn a_request_that_is_cut_off_ends_the_worker() {
    let matrix = Matrix::new(&[1.0, 2.0], 1).unwrap();
    let (input, mut to) = pipe().unwrap();
    to.write_all(&9_u64.to_le_bytes()).unwrap();
    to.write_all(b"half").unwrap();
    drop(to);
    let error = Worker::new(matrix, 0, &Device::cpu()).serve(input, std::io::sink()).unwrap_err();
    assert!(error.to_string().contains("cut off after 4 of 9 bytes"), "{error}");
}
