//! Tests that large uploads arrive whole, though their memory is used again before others have arrived.

use crate::device::gpu::adapter;
use crate::device::gpu::lock::lock;
use crate::device::gpu::span::{Span, words};
use crate::device::gpu::uploads::{PIECES, UploadGroups};

/// Words of a group: an odd number, so that neither tasks nor pieces end where powers of two do.
const SIZE: usize = 97;
/// More pieces than may be on their way at once, and a part of one.
const COUNT: usize = 130_000;

fn word(at: usize, upload: u32) -> u32 {
    (at as u32).wrapping_mul(0x9e37_79b9) ^ upload
}

#[test]
fn uploads_arrive_whole() {
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let bytes = (SIZE * COUNT * 4) as u64;
        let buffer = context.storage("an upload", bytes + 64).expect("a buffer");
        for (upload, offset) in [(1, 0), (2, 64)] {
            let write = |first: usize, to: &mut [u32]| {
                assert_eq!(to.len() % SIZE, 0);
                to.iter_mut().zip(first * SIZE..).for_each(|(to, at)| *to = word(at, upload));
            };
            context
                .write_groups(&buffer, offset, &UploadGroups { size: SIZE, count: COUNT, write: &write })
                .expect("an upload");
            let found = context.read(&[Span { buffer: &buffer, offset, size: bytes }], |_| {}).expect("a read-back");
            let wrong = words(&found).zip(0..).position(|(found, at)| found != word(at, upload));
            assert_eq!((wrong, found.len() as u64), (None, bytes), "upload {upload}");
        }
        let before = context.read(&[Span { buffer: &buffer, offset: 0, size: 64 }], |_| {}).expect("a read-back");
        assert!(words(&before).zip(0..).all(|(found, at)| found == word(at, 1)), "nothing before the offset changes");
    }
}

/// So few buffers are made that they are used again within one upload, and one that is free is used by the next.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "a browser lends copies of such memory, so it is not used")]
fn uploads_use_their_memory_again() {
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let bytes = (SIZE * COUNT * 4) as u64;
        let buffer = context.storage("an upload", bytes).expect("a buffer");
        let kept =
            || -> Vec<wgpu::Buffer> { lock(&context.uploads.0).iter().map(|used| used.staging.clone()).collect() };
        let upload = |count| {
            let groups = UploadGroups { size: SIZE, count, write: &|_, to: &mut [u32]| to.fill(7) };
            context.write_groups(&buffer, 0, &groups).expect("an upload");
            // What the host waits for here ends the upload too.
            context.read(&[Span { buffer: &buffer, offset: 0, size: 4 }], |_| {}).expect("a read-back");
        };
        upload(COUNT);
        let before = kept();
        assert!((1..=PIECES).contains(&before.len()), "{}: {} buffers", found.info.description, before.len());
        upload(COUNT / 20);
        let after = kept();
        let same = after.len() == before.len() && after.iter().all(|buffer| before.contains(buffer));
        assert!(same, "{}: a buffer was free", found.info.description);
    }
}

/// A device that is lost while uploads are on their way gives an error, and does not wait for them for ever.
#[test]
fn uploads_to_a_lost_device_are_typed_errors() {
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let buffer = context.storage("an upload", (SIZE * COUNT * 4) as u64).expect("a buffer");
        let groups = UploadGroups { size: SIZE, count: COUNT, write: &|_, to: &mut [u32]| to.fill(7) };
        context.write_groups(&buffer, 0, &groups).expect("an upload");
        context.destroy();
        assert!(context.write_groups(&buffer, 0, &groups).is_err(), "{}", found.info.description);
    }
}
