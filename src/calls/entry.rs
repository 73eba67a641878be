//! A call with the names and pictures of its people, for lists.

use super::rules::call::{Call, Side};
use crate::{
    kernel::{identity::Role, ids::UserId},
    people::{self, Person},
    store::{Conn, StoreError},
};

/// A call with the names and pictures of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The call.
    pub call: Call,
    /// Who calls.
    pub caller: Person,
    /// Who is called.
    pub otomo: Person,
}

impl Entry {
    /// The person on this side.
    pub fn person(&self, side: Side) -> &Person {
        match side {
            Side::Caller => &self.caller,
            Side::Otomo => &self.otomo,
        }
    }
}

/// Calls with their people. Meant for a page of them.
pub(super) fn with_people(conn: &mut Conn, calls: Vec<Call>) -> Result<Vec<Entry>, StoreError> {
    let mut wanted: Vec<UserId> = calls
        .iter()
        .flat_map(|call| Side::ALL.iter().map(|side| call.person(*side).clone()))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let people = people::records::find_many(conn, &wanted)?;
    let person = |call: &Call, side: Side| {
        let user = call.person(side);
        people
            .get(user)
            .cloned()
            .unwrap_or_else(|| by_id(user, side))
    };
    let entry = |call: Call| Entry {
        caller: person(&call, Side::Caller),
        otomo: person(&call, Side::Otomo),
        call,
    };
    Ok(calls.into_iter().map(entry).collect())
}

/// Somebody whose own row is damaged, for whom a whole list must not be missing.
fn by_id(user: &UserId, side: Side) -> Person {
    Person {
        user: user.clone(),
        role: match side {
            Side::Caller => Role::User,
            Side::Otomo => Role::Otomo,
        },
        name: user.to_string(),
        avatar: None,
        price_per_minute: None,
        disabled: false,
    }
}
