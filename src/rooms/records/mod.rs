//! The queries of this room's tables: who is let in ([`members`]), which states hold ([`states`]), what was published with a
//! key ([`publications`]).

pub mod members;
pub mod publications;
pub mod states;

use std::str::FromStr;

use crate::store::StoreError;

/// A name from a column; only a broken database holds one that is none.
fn name<T: FromStr<Err: std::fmt::Display>>(column: &str, stored: &str) -> Result<T, StoreError> {
    let parsed = stored.parse();
    parsed.map_err(|fault| StoreError::corrupt(format!("{column} {stored:?}: {fault}")))
}
