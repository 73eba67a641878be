//! The id of a conversation that has lost its own: that of its two people, or the one that is referred to and has no row.

use diesel::{QueryableByName, sql_types::Text};

use crate::{
    kernel::ids::{ConversationId, UserId},
    store::{Conn, StoreError, repair::rows},
};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The id of the row in this place (a condition of SQL), if it can only be this one.
pub(super) fn conversation(conn: &mut Conn, place: &str) -> Result<Option<String>, StoreError> {
    let referred = format!(
        "SELECT 'row' AS id FROM conversations AS whole WHERE {place}
            AND (EXISTS (SELECT 1 FROM members WHERE conversation_id = whole.id)
                OR EXISTS (SELECT 1 FROM messages WHERE conversation_id = whole.id))"
    );
    // One that is referred to by those very bytes would be lost to whatever does.
    if !rows::<Id>(conn, &referred, &[])?.is_empty() {
        return Ok(None);
    }
    let pair = format!(
        "SELECT pair AS id FROM conversations WHERE {place} AND pair IS lossy(pair) AND pair IS NOT NULL"
    );
    let pair = rows::<Id>(conn, &pair, &[])?.pop();
    match pair.and_then(|it| of_pair(&it.id)) {
        Some(id) => {
            let taken = "SELECT id FROM conversations WHERE id = $1";
            let is_taken = !rows::<Id>(conn, taken, &[&id])?.is_empty();
            Ok(Some(id).filter(|_| !is_taken))
        }
        None => the_only_one(conn),
    }
}

/// The id that a conversation of these two has.
fn of_pair(pair: &str) -> Option<String> {
    let (one, other) = pair.split_once('\n')?;
    let (one, other): (UserId, UserId) = (one.parse().ok()?, other.parse().ok()?);
    Some(ConversationId::between(&one, &other).to_string())
}

/// If one alone is referred to and has no row, and one row alone has lost its own.
fn the_only_one(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let damaged = "SELECT 'row' AS id FROM conversations WHERE id IS NOT lossy(id) LIMIT 2";
    if rows::<Id>(conn, damaged, &[])?.len() != 1 {
        return Ok(None);
    }
    let of = |table: &str| {
        format!(
            "SELECT conversation_id AS id FROM {table} WHERE NOT EXISTS
                 (SELECT 1 FROM conversations WHERE conversations.id = {table}.conversation_id)"
        )
    };
    let question = format!(
        "SELECT lossy(id) AS id FROM ({} UNION {}) LIMIT 2",
        of("members"),
        of("messages")
    );
    let mut ids = rows::<Id>(conn, &question, &[])?;
    let id = ids.pop().map(|it| it.id);
    Ok(id.filter(|id| ids.is_empty() && !id.contains(char::REPLACEMENT_CHARACTER)))
}
