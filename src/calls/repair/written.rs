//! The id of a call, which is in the database as a server writes it: in lower case. Whoever looks for one that is not finds nothing.

use crate::{
    kernel::ids::CallId,
    store::{
        StoreError, Tx,
        repair::{Breakage, execute},
        shape,
    },
};

/// What refers to a call by its id.
const REFERENCES: [(&str, &str); 3] = [
    ("live_participants", "call_id"),
    ("call_events", "call_id"),
    ("calls", "joined_call_id"),
];

/// A call whose id is written in another way. It goes on.
pub(super) fn breakage(subject: String, fault: String, stored: String, call: CallId) -> Breakage {
    let how = "it is written so, and wherever something refers to it";
    Breakage::mended(subject, fault, how, move |tx| rewrite(tx, &stored, call))
}

/// The row is copied first: the databases look with each change whether what is referred to is there.
fn rewrite(tx: &mut Tx<'_>, stored: &str, call: CallId) -> Result<(), StoreError> {
    let written = call.to_string();
    let columns = shape::columns(tx)?.into_iter();
    let beside = columns.filter(|(table, column)| table == "calls" && column != "id");
    let beside: Vec<String> = beside.map(|(_, column)| column).collect();
    let beside = beside.join(", ");
    let copy =
        format!("INSERT INTO calls (id, {beside}) SELECT $1, {beside} FROM calls WHERE id = $2");
    execute(tx, &copy, &[&written, stored])?;
    for (table, column) in REFERENCES {
        let change = format!("UPDATE {table} SET {column} = $1 WHERE {column} = $2");
        execute(tx, &change, &[&written, stored])?;
    }
    execute(tx, "DELETE FROM calls WHERE id = $1", &[stored]).map(drop)
}
