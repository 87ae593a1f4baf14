//! Rows in chunks that are read, encoded and handed over at the same time.

use crate::error::{Error, Result, try_zeros};
use crate::rows::Rows;
use std::cell::Cell;
use std::iter;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{Builder, scope};

/// Receives the number of a first row and the codes of a chunk.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(usize, &[u32]) -> Result<()>;

/// Encodes chunks: takes the number of a chunk's first row and its values, or nothing after the last chunk. Returns the
/// codes of the oldest chunk that it has not returned, with the number of its first row; none where it takes more
/// chunks first or, after the last one, has returned all.
pub(crate) type Encode<'e> = dyn FnMut(Option<(usize, &[f32])>) -> Result<Encoded> + Send + 'e;

/// The number of a first row and the codes of a chunk, if there is one.
pub(crate) type Encoded = Option<(usize, Vec<u32>)>;

/// A chunk of values or codes, with the number of its first row.
type Chunk<T> = Result<(usize, Vec<T>)>;

/// Chunks that may wait between two steps. Values of at most `WAITING + 2` chunks are in memory.
const WAITING: usize = 1;

/// Reads rows from this number on and refuses those that are not finite.
pub(crate) type Read = fn(&dyn Rows, usize, &mut [f32]) -> Result<()>;

/// Reads rows `step` at a time, encodes them and hands their codes to `sink`, in the order of the rows. Where there are
/// several chunks, a thread reads the next ones and another one encodes while `sink` takes the codes of those before.
///
/// # Errors
/// The first one in the order of the rows; `sink` has received the codes of all chunks before it, but for those that an
/// encode which failed had in progress.
pub(crate) fn each_chunk(
    rows: &dyn Rows,
    (step, read): (usize, Read),
    encode: &mut Encode<'_>,
    sink: Sink<'_>,
) -> Result<()> {
    // A thread of rayon that waited here might be the only one that there is to compute.
    let alone = rows.len() <= step || rayon::current_thread_index().is_some();
    match alone {
        true => one_by_one(rows, (step, read), encode, sink),
        false => {
            overlapped(rows, (step, read), encode, sink).unwrap_or_else(|| one_by_one(rows, (step, read), encode, sink))
        }
    }
}

/// Reads the chunk from row `first` on; `values` is memory that can be used again.
fn read_chunk(rows: &dyn Rows, (step, read): (usize, Read), first: usize, mut values: Vec<f32>) -> Chunk<f32> {
    let count = step.min(rows.len() - first);
    let len = count
        .checked_mul(rows.dim())
        .ok_or_else(|| Error::parameter("rows", count, "must be fewer; give them in parts"))?;
    if values.len() < len {
        values = try_zeros(len, "a chunk of rows")?;
    }
    values.truncate(len);
    read(rows, first, &mut values)?;
    Ok((first, values))
}

fn one_by_one(rows: &dyn Rows, (step, read): (usize, Read), encode: &mut Encode<'_>, sink: Sink<'_>) -> Result<()> {
    let used = Cell::default();
    let chunks = (0..rows.len()).step_by(step).map(|first| read_chunk(rows, (step, read), first, used.take()));
    for encoded in encode_all(chunks, encode, |values| used.set(values)) {
        let (first, codes) = encoded?;
        sink(first, &codes)?;
    }
    Ok(())
}

/// Does the work on three threads; returns none where threads cannot be started.
fn overlapped(
    rows: &dyn Rows,
    (step, read): (usize, Read),
    encode: &mut Encode<'_>,
    sink: Sink<'_>,
) -> Option<Result<()>> {
    scope(|scope| {
        let (to_encoder, values) = mpsc::sync_channel(WAITING);
        let (to_sink, codes) = mpsc::sync_channel(WAITING);
        let (used, reusable) = mpsc::channel();
        let thread = |name: &str| Builder::new().name(format!("semid {name}"));
        let reader =
            thread("reader").spawn_scoped(scope, move || read_all(rows, (step, read), &to_encoder, &reusable)).ok()?;
        let encoder = thread("encoder").spawn_scoped(scope, move || {
            // The reader may have read everything.
            for encoded in encode_all(values.into_iter(), encode, |values| used.send(values).unwrap_or_default()) {
                let failed = encoded.is_err();
                if to_sink.send(encoded).is_err() || failed {
                    return;
                }
            }
        });
        let encoder = encoder.ok()?;
        let taken = codes.into_iter().try_for_each(|chunk| chunk.and_then(|(first, codes)| sink(first, &codes)));
        // Nobody waits for chunks any more, so both end.
        for thread in [reader, encoder] {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        Some(taken)
    })
}

/// Reads all chunks, until an error or until nobody takes them any more.
fn read_all(
    rows: &dyn Rows,
    (step, read): (usize, Read),
    to_encoder: &SyncSender<Chunk<f32>>,
    reusable: &Receiver<Vec<f32>>,
) {
    for first in (0..rows.len()).step_by(step) {
        let chunk = read_chunk(rows, (step, read), first, reusable.try_recv().unwrap_or_default());
        let failed = chunk.is_err();
        if to_encoder.send(chunk).is_err() || failed {
            return;
        }
    }
}

/// Encodes chunks as they come, and then what is in progress; an error of a chunk ends them and comes last. Values are
/// handed to `used` afterwards.
fn encode_all(
    mut chunks: impl Iterator<Item = Chunk<f32>>,
    encode: &mut Encode<'_>,
    mut used: impl FnMut(Vec<f32>),
) -> impl Iterator<Item = Chunk<u32>> {
    let mut last = None;
    iter::from_fn(move || {
        while last.is_none()
            && let Some(chunk) = chunks.next()
        {
            match chunk {
                Ok((first, values)) => {
                    let encoded = encode(Some((first, &values)));
                    used(values);
                    if let Some(encoded) = encoded.transpose() {
                        return Some(encoded);
                    }
                }
                Err(error) => last = Some(Err(error)),
            }
        }
        encode(None).transpose().or_else(|| last.take())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::grid::read_finite;
    use crate::rows::Matrix;
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Numbers as rows, of which one may be missing; remembers which rows were read.
    struct Numbers {
        len: usize,
        missing: Option<usize>,
        read: Mutex<Vec<usize>>,
    }

    impl Numbers {
        fn new(len: usize, missing: Option<usize>) -> Self {
            Self { len, missing, read: Mutex::default() }
        }
    }

    impl Rows for Numbers {
        fn len(&self) -> usize {
            self.len
        }

        fn dim(&self) -> usize {
            1
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
            self.read.lock().unwrap().push(first);
            for (row, out) in (first..).zip(out) {
                *out = if self.missing == Some(row) { f32::NAN } else { row as f32 };
            }
            Ok(())
        }
    }

    fn codes(first: usize, values: &[f32]) -> Result<Encoded> {
        Ok(Some((first, values.iter().map(|value| *value as u32).collect())))
    }

    /// Encodes at once, or with `late` chunks in progress.
    fn encoder(late: usize) -> impl FnMut(Option<(usize, &[f32])>) -> Result<Encoded> {
        let mut under_way = VecDeque::new();
        move |chunk| {
            let wanted = if chunk.is_some() { late } else { 0 };
            if let Some((first, values)) = chunk {
                under_way.push_back(codes(first, values)?);
            }
            Ok(if under_way.len() > wanted { under_way.pop_front().flatten() } else { None })
        }
    }

    #[test]
    fn chunks_arrive_in_order_and_once() {
        for (len, step) in [(0, 5), (1, 5), (5, 5), (6, 5), (1000, 7), (1000, 1)] {
            let rows = Numbers::new(len, None);
            let mut found: Vec<u32> = Vec::new();
            for late in [0, 1, 3] {
                found.clear();
                each_chunk(&rows, (step, read_finite), &mut encoder(late), &mut |first, codes| {
                    assert_eq!(first, found.len());
                    found.extend_from_slice(codes);
                    Ok(())
                })
                .unwrap();
                assert_eq!(found, (0..len as u32).collect::<Vec<u32>>());
                let read = std::mem::take(&mut *rows.read.lock().unwrap());
                assert_eq!(read, (0..len).step_by(step).collect::<Vec<usize>>());
            }
        }
    }

    /// Every step may fail; the codes of all chunks before it have arrived, and hardly anything was read in vain.
    #[test]
    fn an_error_ends_everything_in_order() {
        let failing = |step_that_fails: usize, late: usize| {
            let mut encode = encoder(late);
            let rows = Numbers::new(1000, (step_that_fails == 0).then_some(500));
            let (mut found, encoded) = (0, AtomicUsize::new(0));
            let result = each_chunk(
                &rows,
                (10, read_finite),
                &mut |chunk| {
                    encoded.fetch_add(chunk.map_or(0, |(_, values)| values.len()), Relaxed);
                    let fails = step_that_fails == 1 && chunk.is_some_and(|(first, _)| first == 500);
                    if fails { Err(ErrorKind::NotWhole.into()) } else { encode(chunk) }
                },
                &mut |first, codes| {
                    let fails = step_that_fails == 2 && first == 500;
                    if fails {
                        return Err(ErrorKind::Cancelled.into());
                    }
                    found += codes.len();
                    Ok(())
                },
            );
            let read = rows.read.lock().unwrap().len() * 10;
            assert!(read <= 500 + 10 * (2 * WAITING + 3 + late), "{read} rows were read");
            assert!(encoded.into_inner() <= 500 + 10 * (WAITING + 2 + late));
            (found, result.unwrap_err().into_kind())
        };
        for late in [0, 1] {
            assert!(matches!(failing(0, late), (500, ErrorKind::NotFinite { row: 500, .. })));
            assert!(matches!(failing(2, late), (500, ErrorKind::Cancelled)));
        }
        assert!(matches!(failing(1, 0), (500, ErrorKind::NotWhole)));
        // What was in progress when an encode failed is lost with it.
        assert!(matches!(failing(1, 1), (490, ErrorKind::NotWhole)));
    }

    /// In a pool of one thread, a thread that waited for chunks would wait for itself.
    #[test]
    fn a_pool_of_one_thread_can_encode() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let values: Vec<f32> = (0..50).map(|value| value as f32).collect();
        let mut count = 0;
        pool.install(|| {
            let rows = Matrix::new(&values, 1).unwrap();
            let mut encode = |chunk: Option<(usize, &[f32])>| {
                let Some((first, values)) = chunk else { return Ok(None) };
                rayon::join(|| codes(first, values), || ()).0
            };
            each_chunk(&rows, (7, read_finite), &mut encode, &mut |_, codes| {
                count += codes.len();
                Ok(())
            })
        })
        .unwrap();
        assert_eq!(count, 50);
    }

    #[test]
    #[should_panic(expected = "planted")]
    fn a_panic_is_not_lost() {
        let rows = Numbers::new(100, None);
        each_chunk(&rows, (7, read_finite), &mut |_| panic!("planted"), &mut |_, _| Ok(())).unwrap_or_default();
    }
}
