//! What the store is asked of those who arrive: together, for all who arrive at a worker at about the same time.
//!
//! Two reads for each of them, and nearly always no write: who they are and how far their stream reaches, before they are
//! let in; and, once what happens is heard for them, what holds. Most people are in no call and many know nobody, so each
//! kind of thing is first asked for all of them in one query, and only for those who have some of it one by one.

use std::collections::{BTreeMap, HashMap};

use crate::{
    calls::{Calls, ReadSnapshot},
    chat,
    delivery::{
        filter::Filter,
        inbox::{self, Extent},
        line::Client,
    },
    kernel::{ids::UserId, time::Timestamp},
    people::{
        self, Person,
        circle::{self, Scope},
    },
    protocol::{event::UnreadSnapshot, spec::Topic},
    store::{Conn, Handle, StoreError, gathered::Gathered},
};

use super::snapshots::status_scope;

/// What is asked of those who arrive at one worker.
pub struct Arrivals {
    /// Who somebody is, and what their stream holds.
    pub(super) known: Gathered<UserId, (Option<Person>, Extent)>,
    /// What holds for a client.
    pub(super) holding: Gathered<Arrival, Holding>,
}

/// A client of whom it is asked what holds for it.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    client: Client,
    calls: bool,
    chat: bool,
    statuses: Option<Scope>,
}

impl Arrival {
    pub(super) fn new(client: &Client, filter: &Filter) -> Self {
        Self {
            client: client.clone(),
            calls: filter.wants(Topic::Calls),
            chat: filter.wants(Topic::Chat),
            statuses: status_scope(filter),
        }
    }
}

/// What holds for a client, of all that it wants to hear of, at one moment.
#[derive(Debug)]
pub(super) struct Holding {
    /// Whether its user is locked out.
    pub(super) disabled: bool,
    /// What the stream of its user holds.
    pub(super) extent: Extent,
    pub(super) calls: Option<ReadSnapshot>,
    pub(super) unread: Option<UnreadSnapshot>,
    /// Whom its user knows, and when they were last seen.
    pub(super) circle: Option<BTreeMap<UserId, Option<Timestamp>>>,
}

impl Arrivals {
    /// Nobody has arrived yet.
    pub fn new(store: &Handle, calls: &Calls) -> Self {
        let calls = calls.clone();
        Self {
            known: Gathered::new(store.clone(), known),
            holding: Gathered::new(store.clone(), move |conn, arrivals| {
                holding(conn, arrivals, &calls)
            }),
        }
    }
}

fn known(conn: &mut Conn, users: &[UserId]) -> Result<Vec<(Option<Person>, Extent)>, StoreError> {
    let people = people::records::find_many(conn, users)?;
    let extents = inbox::records::extents(conn, &users.iter().collect::<Vec<_>>())?;
    let of = |user: &UserId| (people.get(user).cloned(), extent_of(&extents, user));
    Ok(users.iter().map(of).collect())
}

fn holding(
    conn: &mut Conn,
    arrivals: &[Arrival],
    calls: &Calls,
) -> Result<Vec<Holding>, StoreError> {
    let all = |wants: fn(&Arrival) -> bool| {
        let wanting = arrivals.iter().filter(move |it| wants(it));
        wanting.map(|it| &it.client)
    };
    let users = |wants| all(wants).map(|client| &client.user).collect::<Vec<_>>();
    let disabled = people::records::disabled(conn, &users(|_| true))?;
    let extents = inbox::records::extents(conn, &users(|_| true))?;
    let calling: Vec<&Client> = all(|it| it.calls).collect();
    let mut calls = calls.read_snapshots(conn, &calling)?.into_iter();
    let social = users(|it| it.chat || it.statuses.is_some());
    let scope = arrivals.iter().filter_map(|it| it.statuses).max();
    let with_anybody = match social.is_empty() {
        true => Default::default(),
        false => circle::with_anybody(conn, &social, scope.unwrap_or(Scope::Partners))?,
    };
    let mut holding = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let user = &arrival.client.user;
        let extent = extent_of(&extents, user);
        let knows_anybody = with_anybody.contains(user);
        let unread = match (arrival.chat, knows_anybody) {
            (false, _) => None,
            (true, true) => Some(chat::queries::read_snapshot(conn, user, extent.head)?),
            (true, false) => Some(UnreadSnapshot {
                as_of_seq: extent.head.get(),
                conversations: Vec::new(),
            }),
        };
        let circle = match (arrival.statuses, knows_anybody) {
            (None, _) => None,
            (Some(scope), true) => Some(circle::with_last_seen(conn, user, scope)?),
            (Some(_), false) => Some(BTreeMap::new()),
        };
        holding.push(Holding {
            disabled: disabled.contains(user),
            extent,
            calls: arrival.calls.then(|| calls.next()).flatten(),
            unread,
            circle,
        });
    }
    Ok(holding)
}

fn extent_of(extents: &HashMap<UserId, Extent>, user: &UserId) -> Extent {
    extents.get(user).copied().unwrap_or(Extent::EMPTY)
}
