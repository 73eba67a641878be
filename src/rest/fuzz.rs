//! Whatever a client says of the page that it wants.

use actix_web::{error::QueryPayloadError, web::Query};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{call::CallPlace, otomo::ListPlace, paging::Paging};
use crate::kernel::{fuzz::assert_plain, ids::UserId, unreadable};

/// A query, and a cursor. Any is read or refused in plain words; the place in a cursor that is taken comes again in ours.
pub(crate) fn cursors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(QueryPayloadError::Deserialize(fault)) = Query::<Paging>::from_query(text) {
        assert_plain(&unreadable::query(&fault.to_string()), bytes);
    }
    comes_again::<u64>(text);
    comes_again::<UserId>(text);
    comes_again::<CallPlace>(text);
    comes_again::<ListPlace>(text);
}

fn comes_again<K: Serialize + DeserializeOwned>(cursor: &str) {
    let Some(read) = place::<K>(cursor) else {
        return;
    };
    let ours = cursor_of(&read);
    let again = place::<K>(&ours).map(|again| cursor_of(&again));
    assert_eq!(again.as_ref(), Some(&ours));
}

/// The place in a cursor, if it is one of a list of such places.
fn place<K: DeserializeOwned>(cursor: &str) -> Option<K> {
    let paging = Query::<Paging>::from_query(&format!("limit=1&cursor={cursor}")).ok()?;
    paging.after().ok()?
}

/// The cursor that a page has which ends at a place.
fn cursor_of<K: Serialize>(place: &K) -> String {
    let paging = Query::<Paging>::from_query("limit=1").expect("a query of ours");
    let page = paging.page(vec![(), ()], |()| place, |()| ());
    let page = serde_json::to_value(page).expect("pages encode");
    page.get("nextCursor")
        .and_then(Value::as_str)
        .expect("there is more")
        .to_owned()
}
