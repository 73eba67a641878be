//! Rows of `calls` that no command would have left: what cannot be read as a call, and what no sweeper would look at in time.

use diesel::prelude::*;

use super::{
    row::{Changes, Fault, Row},
    timeline,
};
use crate::{
    calls::rules::{
        call::{Call, PhaseName},
        effect::TimelineEvent,
        ending::By,
    },
    kernel::{
        ids::{CallId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx, run,
        sql::schema::{calls, live_participants},
    },
};

/// Rows that are read at once: all calls there ever were may be millions.
const PAGE: i64 = 1_000;

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id, as it stands there.
    pub id: String,
    /// What is wrong with it.
    pub fault: String,
    /// Whether its people are taken by it.
    pub live: bool,
    /// Whether both of its people are one.
    pub of_one: bool,
    /// The nearest call that can be read.
    pub over: Option<Call>,
    /// Its id as a server writes it, if it stands there in another way.
    pub rewritten: Option<CallId>,
}

/// All rows that cannot be read. Of those that say no end of their own it is `at`.
pub fn unreadable(conn: &mut Conn, at: Timestamp) -> Result<Vec<Unreadable>, StoreError> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page: Vec<Row> = run!(conn, |c| calls::table
            .filter(calls::id.gt(&after))
            .order(calls::id)
            .limit(PAGE)
            .select(Row::as_select())
            .load(c))?;
        for row in &page {
            if let Err(fault) = read(row) {
                found.push(Unreadable::new(conn, row, fault, at)?);
            }
        }
        // What can be read of an id that is no text may be before the id itself.
        match page.last() {
            Some(last) if last.id() > after.as_str() => last.id().clone_into(&mut after),
            _ => return Ok(found),
        }
    }
}

/// How a call is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not at all.
    Missing,
    /// So that it can be read.
    Sound(Call),
    /// So that it cannot.
    Broken(Unreadable),
}

/// How a call is stored, whatever its id looks like. One that says no end of its own would have ended `at`.
pub fn state(conn: &mut Conn, id: &str, at: Timestamp) -> Result<State, StoreError> {
    let row: Option<Row> = run!(conn, |c| calls::table
        .find(id)
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    let Some(row) = row else {
        return Ok(State::Missing);
    };
    Ok(match read(&row) {
        Ok(call) => State::Sound(call),
        Err(fault) => State::Broken(Unreadable::new(conn, &row, fault, at)?),
    })
}

/// A call as the database knows it, too: its keys are compared byte by byte, so nobody finds one whose id is in upper case.
fn read(row: &Row) -> Result<Call, Fault> {
    let call = row.call()?;
    match rewritten(row) {
        None => Ok(call),
        Some(id) => Err(format!("id is written {:?} and not {id}", row.id())),
    }
}

fn rewritten(row: &Row) -> Option<CallId> {
    let id: CallId = row.id().parse().ok()?;
    (id.to_string() != row.id()).then_some(id)
}

impl Unreadable {
    fn new(conn: &mut Conn, row: &Row, fault: String, at: Timestamp) -> Result<Self, StoreError> {
        let rewritten = rewritten(row);
        let last_line = timeline::last_version(conn, row.id())?;
        Ok(Self {
            id: row.id().to_owned(),
            fault,
            live: row.is_live(),
            of_one: row.is_of_one(),
            // Of one that is over nobody can say who the other was. And what is put in its place must have its id.
            over: row
                .nearest(at, last_line)
                .filter(|_| rewritten.is_none() && (row.is_live() || !row.is_of_one())),
            rewritten,
        })
    }
}

/// The calls of a person that are not over, whether they hold the person or not; first the one that does. Looks at all calls that
/// the person ever had: [`live_of`](super::live_of) is for those who have to ask often.
pub fn unended(conn: &mut Conn, user: &UserId) -> Result<Vec<CallId>, StoreError> {
    let ended = PhaseName::Ended.as_str();
    let taken: Vec<String> = run!(conn, |c| calls::table
        .filter(calls::otomo_id.eq(user.as_str()))
        .filter(calls::phase.ne(ended))
        .select(calls::id)
        .load(c))?;
    let made: Vec<String> = run!(conn, |c| calls::table
        .filter(calls::caller_id.eq(user.as_str()))
        .filter(calls::phase.ne(ended))
        .select(calls::id)
        .load(c))?;
    let holds: Option<String> = run!(conn, |c| live_participants::table
        .find(user.as_str())
        .select(live_participants::call_id)
        .get_result(c)
        .optional())?;
    let mut ids = [taken, made].concat();
    ids.sort_by_key(|id| holds.as_ref() != Some(id));
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Calls that a sweeper looks at at another time than at which something happens to them: with the time that is stored.
pub fn misplaced(conn: &mut Conn) -> Result<Vec<(Call, Option<Timestamp>)>, StoreError> {
    let waits = calls::phase
        .ne(PhaseName::Ended.as_str())
        .or(calls::due_at.is_not_null());
    let rows: Vec<Row> = run!(conn, |c| calls::table
        .filter(waits)
        .order(calls::id)
        .select(Row::as_select())
        .load(c))?;
    // Those that cannot be read are found apart.
    let calls = rows
        .iter()
        .filter_map(|row| Some((row.call().ok()?, row.due_at())));
    Ok(calls
        .filter(|(call, stored)| call.due_at() != *stored)
        .collect())
}

/// The live calls that can be read.
pub fn live(conn: &mut Conn) -> Result<Vec<Call>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| calls::table
        .filter(calls::phase.ne(PhaseName::Ended.as_str()))
        .order(calls::id)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.iter().filter_map(|row| row.call().ok()).collect())
}

/// Has a call that has charged as often as this one says, and charges again when that is due.
pub fn recharge(tx: &mut Tx<'_>, call: &Call) -> Result<(), StoreError> {
    let row = calls::table.find(call.id.to_string());
    run!(tx, |c| diesel::update(row)
        .set(calls::charges.eq(i64::from(call.charges())))
        .execute(c))?;
    place(tx, call)
}

/// Has a call that a sweeper looks at in time.
pub fn place(tx: &mut Tx<'_>, call: &Call) -> Result<(), StoreError> {
    let due = call.due_at().map(Timestamp::millis);
    run!(tx, |c| diesel::update(
        calls::table.find(call.id.to_string())
    )
    .set(calls::due_at.eq(due))
    .execute(c))
    .map(drop)
}

/// Puts a call that is over in the place of its row. People are told of it, if it was live and can be read now: one of a single
/// person never can.
pub fn replace(tx: &mut Tx<'_>, call: &Call, was_live: bool) -> Result<(), StoreError> {
    let row = Row::from(call);
    let fixed = (
        calls::caller_device.eq(call.caller_device.as_str()),
        calls::joined_call_id.eq(call
            .end()
            .and_then(|end| end.joined())
            .map(|into| into.to_string())),
        calls::price.eq(call.tariff.map(|tariff| tariff.price())),
        calls::minute.eq(call
            .tariff
            .map(|tariff| i64::try_from(tariff.minute.as_millis()).unwrap_or(i64::MAX))),
    );
    let version = i64::try_from(call.version).unwrap_or(i64::MAX);
    let is_told = was_live && call.caller != call.otomo;
    let spoken = if is_told { version - 1 } else { version };
    let changes = (Changes::from(row), fixed, calls::spoken_version.eq(spoken));
    run!(tx, |c| diesel::update(
        calls::table.find(call.id.to_string())
    )
    .set(changes)
    .execute(c))?;
    // A call that was over the moment it was stored has its line.
    match call.ended_at_once() {
        true => Ok(()),
        false => timeline::append(tx, call, TimelineEvent::Ended, By::System),
    }
}
