//! The tables as diesel sees them.

#[expect(
    missing_docs,
    reason = "printed by diesel; the columns are explained in the migrations"
)]
pub mod schema;

#[cfg(test)]
mod tests;
