#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| metrify_fuzz::decode(metrify_formats::Format::OpenWeatherMap, bytes));
