//! Otomo presence (source document 000): who can be called right now.
//!
//! - [`rules`]: what a status follows from, and what changes it. Pure.

pub mod rules;
