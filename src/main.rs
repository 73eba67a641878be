//! The `otomo` binary.

fn main() {}
