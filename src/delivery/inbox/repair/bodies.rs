//! Events that cannot be sent again: what is stored is no event of JSON.

use diesel::{QueryableByName, sql_types::Text};

use crate::{
    protocol::stored::is_event,
    store::{
        Conn, StoreError,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// Events that are read at once.
const PAGE: usize = 1_000;

#[derive(QueryableByName)]
struct Event {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    body: String,
}

/// A server passes over one. It leaves a hole, after which the streams that it was in begin anew, by the rule of streams.
pub(super) fn broken(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = format!("SELECT id, body FROM events WHERE id > $1 ORDER BY id LIMIT {PAGE}");
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = rows::<Event>(conn, &question, &[&after])?;
        // Bytes in the place of a text come after every text: the page would come again for ever.
        let next = page.last().map_or(String::new(), |last| last.id.clone());
        let is_last = page.len() < PAGE || next <= after;
        after = next;
        let broken = page.into_iter().filter(|event| !is_event(&event.body));
        found.extend(broken.map(|event| gone(event.id)));
        if is_last {
            return Ok(found);
        }
    }
}

fn gone(id: String) -> Breakage {
    Breakage::mended(
        format!("the event {id}"),
        "is no event of JSON",
        "it goes, and the streams that it was in begin after it",
        move |tx| {
            execute(tx, "DELETE FROM inbox WHERE event_id = $1", &[&id])?;
            execute(tx, "DELETE FROM events WHERE id = $1", &[&id]).map(drop)
        },
    )
}
