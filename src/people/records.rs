//! The table `users`.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::{
    Person, Put,
    admission::{EntryFault, admit},
};
use crate::{
    kernel::{identity::Identity, ids::UserId, time::Timestamp},
    store::{
        Conn, Lossy, LossyIfAny, StoreError, Tx, prepared, readable, rounded, run, run_locked,
        sql::schema::users,
    },
};

/// Somebody, if they are known.
pub fn find(conn: &mut Conn, user: &UserId) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = run!(conn, |c| users::table
        .find(user.as_str())
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Person::try_from).transpose()
}

/// Keeps two people as they are to each other until the transaction ends: whoever else locks one of them waits. By a write
/// that changes nothing, in the order of the ids, so that two transactions cannot lock each other out. Not by a lock for
/// update ([`lock!`](macro@crate::store::lock)): that would hold up whoever stores anything that refers to one of them.
pub fn lock(tx: &mut Tx<'_>, mut two: [&UserId; 2]) -> Result<(), StoreError> {
    two.sort_unstable();
    for user in two {
        run!(tx, |c| diesel::update(users::table.find(user.as_str()))
            .set(users::updated_at.eq(users::updated_at))
            .execute(c))?;
    }
    Ok(())
}

/// When somebody became known, if they are.
pub fn known_since(conn: &mut Conn, user: &UserId) -> Result<Option<Timestamp>, StoreError> {
    let since = run!(conn, |c| users::table
        .find(user.as_str())
        .select(users::created_at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(since.map(Timestamp::from_millis))
}

/// Those of `wanted` who are known. Meant for a page of them: each takes one parameter of the statement.
pub fn find_many(
    conn: &mut Conn,
    wanted: &[UserId],
) -> Result<HashMap<UserId, Person>, StoreError> {
    let wanted = rounded(wanted.iter().map(UserId::as_str).collect());
    let rows: Vec<Row> = run!(conn, |c| prepared(
        users::table
            .filter(users::id.eq_any(wanted.as_slice()))
            .select(Row::as_select())
    )
    .load(c))?;
    let by_id = |row| Person::try_from(row).map(|person| (person.user.clone(), person));
    Ok(readable(rows.into_iter().map(by_id))?.into_iter().collect())
}

/// Those of some people who are locked out.
pub fn disabled(conn: &mut Conn, of: &[&UserId]) -> Result<HashSet<UserId>, StoreError> {
    let ids = rounded(of.iter().map(|user| user.as_str()).collect());
    let disabled = users::table
        .filter(users::id.eq_any(ids.as_slice()))
        .filter(users::disabled.eq(true))
        .select(users::id);
    let rows = run!(conn, |c| prepared(disabled).load::<String>(c))?;
    let user = |id: String| {
        let corrupt = |fault| StoreError::corrupt(format!("users.id {id:?}: {fault}"));
        id.parse().map_err(corrupt)
    };
    rows.into_iter().map(user).collect()
}

/// Lets the bearer of a checked token in; see [`People::enter`](super::People::enter).
pub fn enter(
    tx: &mut Tx<'_>,
    identity: &Identity,
    auto_provision: bool,
) -> Result<Person, EntryFault> {
    let stored = find(tx, &identity.user)?;
    let person = admit(stored.as_ref(), identity, auto_provision)?;
    if stored.as_ref() == Some(&person) {
        return Ok(person);
    }
    // A backend may have said something else meanwhile.
    let stored = find_to_change(tx, &identity.user)?;
    let person = admit(stored.as_ref(), identity, auto_provision)?;
    store(tx, &person, stored.is_some())?;
    Ok(person)
}

/// Stores a person as a backend describes them.
pub fn put(tx: &mut Tx<'_>, person: &Person) -> Result<Put, StoreError> {
    let stored = find_to_change(tx, &person.user)?;
    let known = stored.is_some();
    let put = match stored {
        None => Put::Created,
        Some(stored) if stored == *person => return Ok(Put::Unchanged),
        Some(stored) => Put::Changed {
            role_was: stored.role,
        },
    };
    store(tx, person, known)?;
    Ok(put)
}

/// The same as [`find`]; nobody else changes what is stored before the transaction ends.
fn find_to_change(tx: &mut Tx<'_>, user: &UserId) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = run_locked!(tx, |c| users::table
        .find(user.as_str())
        .select(Row::as_select()) => get_result(c).optional())?;
    row.map(Person::try_from).transpose()
}

/// Of two who store the same newcomer the second one finds them taken.
fn store(tx: &mut Tx<'_>, person: &Person, known: bool) -> Result<(), StoreError> {
    let row = Row::from(person);
    let now = users::updated_at.eq(tx.now().millis());
    if known {
        let stored = diesel::update(users::table.find(&row.id)).set((&row, now));
        run!(tx, |c| stored.execute(c))?;
        return Ok(());
    }
    let new = (&row, users::created_at.eq(tx.now().millis()), now);
    run!(tx, |c| diesel::insert_into(users::table)
        .values(new)
        .execute(c))?;
    Ok(())
}

/// A row of `users`, without its times.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    id: String,
    #[diesel(deserialize_as = Lossy)]
    role: String,
    #[diesel(deserialize_as = Lossy)]
    name: String,
    #[diesel(deserialize_as = LossyIfAny)]
    avatar: Option<String>,
    price_per_minute: Option<i64>,
    disabled: bool,
}

impl From<&Person> for Row {
    fn from(person: &Person) -> Self {
        Self {
            id: person.user.to_string(),
            role: person.role.to_string(),
            name: person.name.clone(),
            avatar: person.avatar.clone(),
            price_per_minute: person.price_per_minute.map(i64::from),
            disabled: person.disabled,
        }
    }
}

impl TryFrom<Row> for Person {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column, value: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("users.{column} of {}: {value}", row.id))
        };
        let price = row.price_per_minute.map(u32::try_from).transpose();
        Ok(Self {
            user: row.id.parse().map_err(|fault| corrupt("id", &fault))?,
            role: row.role.parse().map_err(|fault| corrupt("role", &fault))?,
            price_per_minute: price.map_err(|fault| corrupt("price_per_minute", &fault))?,
            name: row.name,
            avatar: row.avatar,
            disabled: row.disabled,
        })
    }
}
