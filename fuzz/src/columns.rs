//! Files in columns, which others' readers open and `lake` decodes.

use std::ops::ControlFlow;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

use metrify_application::ingest::Content;
use metrify_application::ports::Columns;
use metrify_formats::{Decoded, Format, Options};
use metrify_lake::ColumnFiles;

use crate::{RECEIVED_AT, check_problem, check_size};

/// Decodes a file in columns: its reader may panic, which has to be a reason for refusing the file; we may not.
pub fn decode(format: Format, bytes: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(let_others_panic);
    let content = Content::Memory(bytes.to_vec().into());
    let mut results: Vec<Decoded> = Vec::new();
    let mut sink = |decoded| {
        results.push(decoded);
        ControlFlow::Continue(())
    };
    let read = ColumnFiles.decode(format, &content, &Options::at(RECEIVED_AT), &mut sink);
    assert!(read.is_ok(), "{read:?}");
    results.iter().for_each(check_size);
    results.iter().flat_map(|piece| &piece.problems).for_each(check_problem);
}

/// The fuzzer ends at every panic, also at one that is caught.
fn let_others_panic() {
    let ending = take_hook();
    set_hook(Box::new(move |panic| {
        let ours = |file: &str| file.contains("crates/") || file.contains("fuzz/src/");
        if panic.location().is_none_or(|place| ours(place.file())) {
            ending(panic);
        }
    }));
}
