//! The otomo as people see them: `otomo` joined with `users`.

use diesel::prelude::*;

use super::Row;
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    presence::{board::Entry, rules::Standing},
    store::{
        Conn, Lossy, LossyIfAny, StoreError, run,
        sql::schema::{otomo, users},
    },
};

/// Everybody.
pub fn all(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Listed> = run!(conn, |c| otomo::table
        .inner_join(users::table)
        .select((Row::as_select(), users::name, users::avatar))
        .load(c))?;
    rows.into_iter().map(entry).collect()
}

/// Those whose status changed at `since` or later.
pub fn changed_since(conn: &mut Conn, since: Timestamp) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Listed> = run!(conn, |c| otomo::table
        .inner_join(users::table)
        .filter(otomo::changed_at.ge(since.millis()))
        .select((Row::as_select(), users::name, users::avatar))
        .load(c))?;
    rows.into_iter().map(entry).collect()
}

/// One of them.
pub fn find(conn: &mut Conn, wanted: &UserId) -> Result<Option<Entry>, StoreError> {
    let row: Option<Listed> = run!(conn, |c| otomo::table
        .inner_join(users::table)
        .filter(otomo::user_id.eq(wanted.as_str()))
        .select((Row::as_select(), users::name, users::avatar))
        .get_result(c)
        .optional())?;
    row.map(entry).transpose()
}

/// A row of `otomo` with what `users` shows of the person.
type Listed = (Row, Lossy, LossyIfAny);

fn entry((row, name, avatar): Listed) -> Result<Entry, StoreError> {
    let Standing {
        otomo, published, ..
    } = row.try_into()?;
    Ok(Entry {
        otomo,
        name: name.into(),
        avatar: avatar.into(),
        published,
    })
}
