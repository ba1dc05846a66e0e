#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| metrify_fuzz::decimal(bytes));
