//! Otomo: the realtime layer of an app in one binary.

pub mod kernel;
