//! The inbox's rows: append, read (`stored`), drop (`dropping`).
//!
//! `events` has each body once, `inbox` one row per recipient, `inbox_heads` where each user's
//! stream ends (`head`) and what was dropped at its beginning (`floor`). A user's rows are the seqs
//! from `floor + 1` to `head`, without a gap.

mod dropping;
mod stored;

use std::collections::HashMap;

use diesel::{dsl::exists, prelude::*};

pub use self::{
    dropping::{drop_aged, drop_overfull, overfull},
    stored::StoredEvent,
};

use self::stored::EventRow;

use super::{Extent, Seq};
use crate::{
    kernel::{
        ids::{EventId, UserId},
        time::Timestamp,
    },
    protocol::{frame::Frame, spec::Topic},
    store::{
        Conn, StoreError, Tx, pass_over, prepared, rounded, run,
        sql::schema::{events, inbox, inbox_heads},
    },
};

/// Up to this many recipients are stored with statements of their own, which stay prepared. One statement for all has to be
/// prepared each time, which pays off only for more: with 256 it takes half the CPU.
const ONE_BY_ONE_MAX: usize = 8;

/// A durable event that is to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Its id, made before the job: a job that is run again after its first run was stored finds
    /// that first run by it.
    pub id: EventId,
    /// What a client must have subscribed to.
    pub topic: Topic,
    /// Its `type` on the wire.
    pub type_name: &'a str,
    /// The whole message as JSON, without what differs per connection (`seq`, `prev`).
    pub body: &'a str,
    /// From when on it is of no use any more.
    pub expires_at: Option<Timestamp>,
}

impl<'a> NewEvent<'a> {
    /// The event of a frame, which is of use for as long as the inbox keeps it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if the frame is not UTF-8, which no JSON is.
    pub fn of(id: EventId, frame: &'a Frame) -> Result<Self, StoreError> {
        let body = std::str::from_utf8(frame.json())
            .map_err(|fault| StoreError::corrupt(format!("an event is no text: {fault}")))?;
        let spec = frame.spec();
        Ok(Self {
            id,
            topic: spec.topic,
            type_name: spec.name,
            body,
            expires_at: None,
        })
    }
}

/// What comes next in a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Page {
    /// The events, in order, without those that have expired.
    Events {
        /// At most as many as were asked for.
        events: Vec<StoredEvent>,
        /// The last of a run of events behind these that are damaged or lost: the client must be told to start over from the one
        /// after it. The page ends with it, so that each run is told in its turn, and once.
        unreadable: Option<Seq>,
        /// How far the page looked: its last event if it is full, else the head.
        through: Seq,
    },
    /// What comes next was dropped by the retention: the client must be told to start over.
    Dropped(Extent),
}

/// Appends `event` to the streams of `recipients`, each once, and says where, in the order of the users.
///
/// The heads are locked in the order of the users, so that two transactions with the same
/// recipients cannot lock each other out (on a database with row locks). An event that is stored
/// already is not stored again: the answer is the first one's.
pub fn append(
    tx: &mut Tx<'_>,
    event: &NewEvent<'_>,
    recipients: &[UserId],
) -> Result<Vec<(UserId, Seq)>, StoreError> {
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let mut recipients = recipients.to_vec();
    recipients.sort_unstable();
    recipients.dedup();
    let id = event.id.to_string();
    if insert_event(tx, &id, event)? == 0 {
        return places(tx, &id);
    }
    if recipients.len() > ONE_BY_ONE_MAX {
        let places = advance_heads(tx, &recipients)?;
        insert_places(tx, &places, &id)?;
        return Ok(places);
    }
    recipients
        .into_iter()
        .map(|user| {
            let seq = advance_head(tx, &user)?;
            insert_place(tx, &user, seq, &id)?;
            Ok((user, seq))
        })
        .collect()
}

/// Whether an event is stored, in whatever stream.
pub fn is_stored(conn: &mut Conn, event: EventId) -> Result<bool, StoreError> {
    let stored = exists(events::table.find(event.to_string()));
    run!(conn, |c| diesel::select(stored).get_result(c))
}

/// Where `user`'s stream begins and ends.
pub fn extent(conn: &mut Conn, user: &UserId) -> Result<Extent, StoreError> {
    let bounds = run!(conn, |c| inbox_heads::table
        .find(user.as_str())
        .select((inbox_heads::floor, inbox_heads::head))
        .get_result::<(i64, i64)>(c)
        .optional())?;
    let (floor, head) = bounds.unwrap_or_default();
    self::bounds(floor, head)
}

/// The same of many users. Those who never had an event are not in it.
pub fn extents(conn: &mut Conn, of: &[&UserId]) -> Result<HashMap<UserId, Extent>, StoreError> {
    let ids = rounded(of.iter().map(|user| user.as_str()).collect());
    let heads = inbox_heads::table
        .filter(inbox_heads::user_id.eq_any(ids.as_slice()))
        .select((inbox_heads::user_id, inbox_heads::floor, inbox_heads::head));
    let rows = run!(conn, |c| prepared(heads).load::<(String, i64, i64)>(c))?;
    let bounds = |(id, floor, head)| Ok((user(id)?, bounds(floor, head)?));
    rows.into_iter().map(bounds).collect()
}

fn bounds(floor: i64, head: i64) -> Result<Extent, StoreError> {
    Ok(Extent {
        first: seq(floor)?.next(),
        head: seq(head)?,
    })
}

/// What comes after `after` in `user`'s stream, at most `limit` events, without those that have expired `now`.
pub fn page(
    conn: &mut Conn,
    user: &UserId,
    after: Seq,
    limit: u32,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let extent = extent(conn, user)?;
    if !extent.continues(after) {
        return Ok(Page::Dropped(extent));
    }
    let expires_at = events::expires_at.nullable();
    let alive = expires_at.is_null().or(expires_at.gt(now.millis()));
    let rows = run!(conn, |c| inbox::table
        .left_join(events::table)
        .filter(
            inbox::user_id
                .eq(user.as_str())
                .and(inbox::seq.gt(column(after)))
                // SQLite takes a text in the place of a number for one that is greater than any.
                .and(inbox::seq.le(column(extent.head)))
        )
        .filter(alive)
        .order(inbox::seq)
        .limit(i64::from(limit))
        .select((
            inbox::seq,
            (
                events::topic,
                events::type_,
                events::body,
                events::created_at
            )
                .nullable()
        ))
        .load::<EventRow>(c))?;
    let full = u32::try_from(rows.len()) == Ok(limit);
    let through = match rows.last() {
        Some(last) if full => seq(last.0)?,
        _ => extent.head,
    };
    page_of(user, rows, through)
}

/// The events of these rows, up to the end of the first run of those that cannot be read.
fn page_of(user: &UserId, rows: Vec<EventRow>, through: Seq) -> Result<Page, StoreError> {
    let mut events = Vec::new();
    let mut unreadable = None;
    for row in rows {
        let place = seq(row.0)?;
        match (stored::read(user, row), unreadable) {
            (Ok(_behind_the_run), Some(last)) => {
                return Ok(Page::Events {
                    events,
                    unreadable,
                    through: last,
                });
            }
            (Ok(event), None) => events.push(event),
            (Err(fault), _) => {
                pass_over(fault)?;
                unreadable = Some(place);
            }
        }
    }
    Ok(Page::Events {
        events,
        unreadable,
        through: unreadable.unwrap_or(through),
    })
}

/// Stores the body; 0 if it is there already.
fn insert_event(tx: &mut Tx<'_>, id: &str, event: &NewEvent<'_>) -> Result<usize, StoreError> {
    let row = (
        events::id.eq(id),
        events::topic.eq(event.topic.as_str()),
        events::type_.eq(event.type_name),
        events::body.eq(event.body),
        events::created_at.eq(tx.now().millis()),
        events::expires_at.eq(event.expires_at.map(Timestamp::millis)),
    );
    run!(tx, |c| diesel::insert_into(events::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))
}

/// Takes the next seq of a stream. The first event makes the stream.
fn advance_head(tx: &mut Tx<'_>, user: &UserId) -> Result<Seq, StoreError> {
    let first = (
        inbox_heads::user_id.eq(user.as_str()),
        inbox_heads::head.eq(1),
        inbox_heads::floor.eq(0),
    );
    let next = diesel::insert_into(inbox_heads::table)
        .values(first)
        .on_conflict(inbox_heads::user_id)
        .do_update()
        .set(inbox_heads::head.eq(inbox_heads::head + 1))
        .returning(inbox_heads::head);
    seq(run!(tx, |c| prepared(next).get_result::<i64>(c))?)
}

fn insert_place(tx: &mut Tx<'_>, user: &UserId, seq: Seq, id: &str) -> Result<(), StoreError> {
    let row = (
        inbox::user_id.eq(user.as_str()),
        inbox::seq.eq(column(seq)),
        inbox::event_id.eq(id),
    );
    run!(tx, |c| diesel::insert_into(inbox::table)
        .values(row)
        .execute(c))
    .map(drop)
}

/// The same for many users at once, in their order.
fn advance_heads(tx: &mut Tx<'_>, users: &[UserId]) -> Result<Vec<(UserId, Seq)>, StoreError> {
    let first = |user: &'_ UserId| {
        (
            inbox_heads::user_id.eq(user.as_str().to_owned()),
            inbox_heads::head.eq(1),
            inbox_heads::floor.eq(0),
        )
    };
    let first: Vec<_> = users.iter().map(first).collect();
    let rows = run!(tx, |c| diesel::insert_into(inbox_heads::table)
        .values(first)
        .on_conflict(inbox_heads::user_id)
        .do_update()
        .set(inbox_heads::head.eq(inbox_heads::head + 1))
        .returning((inbox_heads::user_id, inbox_heads::head))
        .load::<(String, i64)>(c))?;
    let mut places = rows
        .into_iter()
        .map(place)
        .collect::<Result<Vec<_>, StoreError>>()?;
    places.sort_unstable();
    Ok(places)
}

fn insert_places(tx: &mut Tx<'_>, places: &[(UserId, Seq)], id: &str) -> Result<(), StoreError> {
    let row = |(user, seq): &(UserId, Seq)| {
        (
            inbox::user_id.eq(user.as_str().to_owned()),
            inbox::seq.eq(column(*seq)),
            inbox::event_id.eq(id),
        )
    };
    let rows: Vec<_> = places.iter().map(row).collect();
    run!(tx, |c| diesel::insert_into(inbox::table)
        .values(rows)
        .execute(c))
    .map(drop)
}

/// Where an event is in the streams.
fn places(conn: &mut Conn, id: &str) -> Result<Vec<(UserId, Seq)>, StoreError> {
    let rows = run!(conn, |c| inbox::table
        .filter(inbox::event_id.eq(id))
        .order(inbox::user_id)
        .select((inbox::user_id, inbox::seq))
        .load::<(String, i64)>(c))?;
    rows.into_iter().map(place).collect()
}

fn place((id, number): (String, i64)) -> Result<(UserId, Seq), StoreError> {
    Ok((user(id)?, seq(number)?))
}

pub(super) fn user(column: String) -> Result<UserId, StoreError> {
    column
        .parse()
        .map_err(|fault| StoreError::corrupt(format!("inbox user {column:?}: {fault}")))
}

pub(super) fn seq(column: i64) -> Result<Seq, StoreError> {
    u64::try_from(column)
        .map(Seq::new)
        .map_err(|fault| StoreError::corrupt(format!("inbox seq {column}: {fault}")))
}

/// A seq for the database. One beyond its range is beyond every stream too.
fn column(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}
