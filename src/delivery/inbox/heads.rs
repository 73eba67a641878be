//! How far the streams of many users reach.

use diesel::prelude::*;

use super::{Seq, records};
use crate::{
    kernel::ids::UserId,
    store::{Conn, StoreError, run, sql::schema::inbox_heads},
};

/// The heads of these users' streams. Who was never sent anything has none.
pub fn of(conn: &mut Conn, users: &[UserId]) -> Result<Vec<(UserId, Seq)>, StoreError> {
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let heads = run!(conn, |c| inbox_heads::table
        .filter(inbox_heads::user_id.eq_any(&users))
        .select((inbox_heads::user_id, inbox_heads::head))
        .load::<(String, i64)>(c))?;
    let head = |(user, head)| Ok((records::user(user)?, records::seq(head)?));
    heads.into_iter().map(head).collect()
}
