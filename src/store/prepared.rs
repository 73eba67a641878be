//! Statements that are prepared once, though diesel would prepare them each time.
//!
//! A connection keeps the statements that it has prepared, by their text. Diesel leaves out every `UPDATE` and every
//! `ON CONFLICT DO UPDATE`: an `Option` among their values may leave a column out, so that there could be any number of
//! texts. Where there is one, preparing it anew costs more than running it: a message that somebody sends took 121 to
//! 156 µs of user CPU with its four such statements prepared each time, and takes 86 to 98 (November 2026).

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};

/// A statement whose text is the same whatever its values are.
///
/// ```
/// use diesel::prelude::*;
/// use otomo::store::{StoreError, Tx, prepared, run, sql::schema::users};
///
/// fn rename(tx: &mut Tx<'_>, user: &str, name: &str) -> Result<usize, StoreError> {
///     let renamed = diesel::update(users::table.find(user)).set(users::name.eq(name));
///     run!(tx, |c| prepared(renamed).execute(c))
/// }
/// ```
pub fn prepared<Q>(statement: Q) -> Prepared<Q> {
    Prepared(statement)
}

/// How long lists of values are made; a longer one as long as the next power of two.
const LENGTHS: [usize; 4] = [1, 8, 64, 256];

/// The longest list: SQLite takes 32,766 values in one statement.
const VALUES_MAX: usize = 16_384;

/// A list of values for `eq_any` with the last one repeated, so that a statement has one of a few texts however many values
/// it is about: for [`prepared`]. At most twice as many values as there were, if these are more than 256.
/// They must not be more than 16,384.
pub fn rounded<T: Copy>(mut values: Vec<T>) -> Vec<T> {
    debug_assert!(values.len() <= VALUES_MAX, "too many for one statement");
    let length = LENGTHS.into_iter().find(|length| *length >= values.len());
    if let Some(last) = values.last().copied() {
        let length = length.unwrap_or_else(|| values.len().next_power_of_two());
        values.resize(length, last);
    }
    values
}

/// See [`prepared`].
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q>(Q);

impl<DB, Q> QueryFragment<DB> for Prepared<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Known by its text: the types of a statement that borrows its values have no id.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Prepared<Q> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_many_lengths_are_of_a_few() {
        assert_eq!(rounded(vec![7]), [7]);
        assert_eq!(rounded(vec![1, 2, 3]), [1, 2, 3, 3, 3, 3, 3, 3]);
        assert_eq!(rounded((0..65).collect()).len(), 256);
        assert_eq!(rounded((0..257).collect()).len(), 512);
        assert_eq!(rounded((0..512).collect()).len(), 512);
        assert!(rounded(Vec::<u8>::new()).is_empty());
    }
}
