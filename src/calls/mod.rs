//! Floor 4: calls, from the request to the end (source documents 001 and 000).
//!
//! - [`rules`]: what a call may do. Pure.
//! - [`records`]: calls in the database.

pub mod records;
pub mod rules;
