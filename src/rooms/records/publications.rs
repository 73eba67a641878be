//! What backends published with an idempotency key (the table `publications`).

use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    kernel::{ids::IdempotencyKey, time::Timestamp},
    store::{Conn, StoreError, Tx, prepared, run, sql::schema::publications},
};

/// What was published with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Whether it was this very request, whose first run was stored after all.
    pub own: bool,
    /// SHA-256 of the event.
    pub digest: String,
    /// How much of it was stored.
    pub stored: u64,
}

/// What was published with this key, if anything was.
pub fn find(
    conn: &mut Conn,
    key: &IdempotencyKey,
    request: Uuid,
) -> Result<Option<Earlier>, StoreError> {
    let found = run!(conn, |c| publications::table
        .find(key.as_str())
        .select((
            publications::request,
            publications::digest,
            publications::stored
        ))
        .get_result::<(String, String, i64)>(c)
        .optional())?;
    Ok(found.map(|(by, digest, stored)| Earlier {
        own: by == request.to_string(),
        digest,
        stored: u64::try_from(stored).unwrap_or_default(),
    }))
}

/// Notes what is published with a key.
pub fn insert(
    tx: &mut Tx<'_>,
    key: &IdempotencyKey,
    request: Uuid,
    digest: &str,
    stored: u64,
) -> Result<(), StoreError> {
    let row = (
        publications::key.eq(key.as_str()),
        publications::request.eq(request.to_string()),
        publications::digest.eq(digest),
        publications::stored.eq(i64::try_from(stored).unwrap_or(i64::MAX)),
        publications::published_at.eq(tx.now().millis()),
    );
    let noted = run!(tx, |c| diesel::insert_into(publications::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if noted == 0 && !find(tx, key, request)?.is_some_and(|it| it.own) {
        // Somebody else has published with it since it was looked for.
        return Err(tx.outrun());
    }
    Ok(())
}

/// Forgets up to `limit` keys from before then, and says how many.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let old = run!(tx, |c| publications::table
        .filter(publications::published_at.lt(before.millis()))
        .order(publications::published_at)
        .limit(i64::from(limit))
        .select(publications::key)
        .load::<String>(c))?;
    for key in &old {
        let key = publications::table.find(key);
        run!(tx, |c| prepared(diesel::delete(key)).execute(c))?;
    }
    Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
}
