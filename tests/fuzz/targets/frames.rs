#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otomo::fuzzing::check("frames", bytes));
