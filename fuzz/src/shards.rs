//! Messages between the driver of a fit and its workers.

use semid::shards::{GridSketch, Partial, Reply, Request, Worker};
use semid::{Device, Matrix};

/// A request, a reply, partial sums or a sketch.
///
/// # Panics
/// A message that is read comes back from its own bytes, and a request that a worker answers has the same answer from
/// it again and from another worker.
pub fn shards(bytes: &[u8]) {
    if let Ok(request) = Request::from_bytes(bytes) {
        let written = request.to_bytes().expect("a request that was read can be written");
        assert_eq!(Request::from_bytes(&written).expect("it can be read again"), request);
        answer(bytes);
    }
    if let Ok(mut reply) = Reply::from_bytes(bytes) {
        let again = Reply::from_bytes(&reply.to_bytes()).expect("a reply that was read can be written");
        assert_eq!(again.to_bytes(), reply.to_bytes());
        let _ = reply.merge(&again);
    }
    if let Ok(partial) = Partial::from_bytes(bytes) {
        assert_eq!(Partial::from_bytes(&partial.to_bytes()).expect("sums that were read can be written"), partial);
    }
    if let Ok(sketch) = GridSketch::from_bytes(bytes) {
        let again = GridSketch::from_bytes(&sketch.to_bytes()).expect("a sketch that was read can be written");
        assert_eq!(again.to_bytes(), sketch.to_bytes());
    }
}

/// Asks workers whose rows are those of the seeds.
fn answer(request: &[u8]) {
    let values = values();
    let rows = Matrix::new(&values, 4).expect("whole rows");
    let worker = || Worker::new(rows, 0, &Device::reference());
    let mut first = worker();
    if let Ok(reply) = first.answer(request) {
        Reply::from_bytes(&reply).expect("a reply can be read");
        assert_eq!(first.answer(request).expect("a request that was answered"), reply);
        assert_eq!(worker().answer(request).expect("a request that was answered"), reply);
    }
}

/// The rows of the fit that made the seeds, 24 of 4 values; 8 of them differ.
pub fn values() -> Vec<f32> {
    (0..96).map(|i| ((i % 32 * 37) % 101) as f32 / 16.0).collect()
}
