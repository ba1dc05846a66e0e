#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| metrify_fuzz::decode(metrify_formats::Format::Dsmr, bytes));

// Without its checksums mended hardly a changed telegram would be read further than to them. Some are left as they are.
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], length: usize, length_max: usize, seed: u32| {
    let length = libfuzzer_sys::fuzzer_mutate(bytes, length, length_max);
    if seed % 8 != 0 {
        metrify_fuzz::telegrams::mend_telegrams(&mut bytes[..length]);
    }
    length
});
