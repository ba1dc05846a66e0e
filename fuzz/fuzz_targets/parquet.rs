#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| metrify_fuzz::columns::decode(metrify_formats::Format::Parquet, bytes));
