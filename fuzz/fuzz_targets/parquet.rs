#![no_main]

use std::panic::{set_hook, take_hook};

// The fuzzer ends at every panic, even at those of the decoder, which the library catches. A panic of other crates ends
// it only where nobody catches it.
libfuzzer_sys::fuzz_target!(
    init: {
        let end = take_hook();
        set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|at| at.file().contains("/registry/src/")) {
                end(panic);
            }
        }));
    },
    |bytes: &[u8]| semid_fuzz::parquet(bytes)
);
