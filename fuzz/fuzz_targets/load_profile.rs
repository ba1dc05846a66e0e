#![no_main]

// A changed archive hardly ever unpacks, so that XML is packed here rather than by the fuzzer.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let packed = bytes.starts_with(b"<").then(|| metrify_fuzz::workbook::pack(bytes));
    metrify_fuzz::decode(metrify_formats::Format::LoadProfile, packed.as_deref().unwrap_or(bytes));
});
