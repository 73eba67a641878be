//! The one conversation that is referred to and has no row.

use diesel::{QueryableByName, sql_types::Text};

use crate::store::{Conn, StoreError, repair::rows};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Its id, if there is one alone, and one row alone that has lost its own.
pub(super) fn conversation(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let damaged = "SELECT CASE WHEN EXISTS (SELECT 1 FROM members WHERE conversation_id = whole.id)
            OR EXISTS (SELECT 1 FROM messages WHERE conversation_id = whole.id) THEN 'referred' ELSE 'lost' END AS id
        FROM conversations AS whole WHERE id IS NOT lossy(id)";
    // One that is referred to by those very bytes would be lost to whatever does.
    if !matches!(&*rows::<Id>(conn, damaged, &[])?, [Id { id }] if id == "lost") {
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
