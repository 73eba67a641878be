//! What the store is asked of those who arrive: together, for all who arrive at a worker at about the same time.
//!
//! Two reads for each of them, and nearly always no write: who they are and how far their stream reaches, before they are
//! let in; and, once what happens is heard for them, what holds. Most people are in no call and many know nobody, so each
//! kind of thing is first asked for all of them in one query, and only for those who have some of it one by one. Who knows so
//! many that others would wait for it is read alone.

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
    store::{
        Conn, Handle, StoreError,
        gathered::{Gathered, Share},
    },
};

use super::snapshots::status_scope;

/// Members of conversations, and friends, of all who arrive together, that one read goes through: some 20 milliseconds of work.
const PEOPLE_MAX: usize = 1_024;

/// What is asked of those who arrive at one worker.
pub struct Arrivals {
    /// Who somebody is, and what their stream holds.
    pub(super) known: Gathered<UserId, Known>,
    /// What holds for a client.
    pub(super) holding: Gathered<Arrival, Holding>,
}

/// Who somebody is, if they are known, and what their stream holds.
type Known = (Option<Person>, Extent);

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
            known: Gathered::new(store.clone(), |conn, users, _| known(conn, users)),
            holding: Gathered::new(store.clone(), move |conn, arrivals, share| {
                holding(conn, arrivals, share, &calls)
            }),
        }
    }
}

fn known(conn: &mut Conn, users: &[UserId]) -> Result<Vec<Option<Known>>, StoreError> {
    let people = people::records::find_many(conn, users)?;
    let extents = inbox::records::extents(conn, &users.iter().collect::<Vec<_>>())?;
    let of = |user: &UserId| Some((people.get(user).cloned(), extent_of(&extents, user)));
    Ok(users.iter().map(of).collect())
}

fn holding(
    conn: &mut Conn,
    arrivals: &[Arrival],
    share: Share,
    calls: &Calls,
) -> Result<Vec<Option<Holding>>, StoreError> {
    let sizes = circle_sizes(conn, arrivals)?;
    let fits = fitting(&sizes, share);
    let asked = arrivals.iter().zip(sizes).zip(&fits);
    let asked: Vec<_> = asked.filter(|it| *it.1).map(|it| it.0).collect();
    let mut held = all_holding(conn, &asked, calls)?.into_iter();
    let in_place = |fits: bool| fits.then(|| held.next()).flatten();
    Ok(fits.into_iter().map(in_place).collect())
}

/// Which of those who arrive one read answers, by how many people each knows: the first, unless it alone is too long, and of
/// the others those who know the fewest.
fn fitting(sizes: &[usize], share: Share) -> Vec<bool> {
    if share == Share::All {
        return vec![true; sizes.len()];
    }
    let mut rising: Vec<_> = sizes.iter().zip(0..).collect();
    rising.sort_by_key(|(size, place)| (*place > 0, **size));
    let mut fits = vec![false; sizes.len()];
    let mut room = PEOPLE_MAX;
    for (size, place) in rising {
        if let (Some(left), Some(fits)) = (room.checked_sub(*size), fits.get_mut(place)) {
            room = left;
            *fits = true;
        }
    }
    fits
}

/// What holds for those who arrive, each with how many people they know.
fn all_holding(
    conn: &mut Conn,
    arrivals: &[(&Arrival, usize)],
    calls: &Calls,
) -> Result<Vec<Holding>, StoreError> {
    let users: Vec<_> = arrivals.iter().map(|it| &it.0.client.user).collect();
    let disabled = people::records::disabled(conn, &users)?;
    let extents = inbox::records::extents(conn, &users)?;
    let calling = arrivals.iter().filter(|it| it.0.calls);
    let calling: Vec<_> = calling.map(|it| &it.0.client).collect();
    let mut calls = calls.read_snapshots(conn, &calling)?.into_iter();
    let mut holding = Vec::with_capacity(arrivals.len());
    for ((arrival, circle), user) in arrivals.iter().zip(users) {
        let extent = extent_of(&extents, user);
        holding.push(Holding {
            disabled: disabled.contains(user),
            extent,
            calls: arrival.calls.then(|| calls.next()).flatten(),
            unread: match arrival.chat {
                true => Some(unread(conn, user, extent, *circle)?),
                false => None,
            },
            circle: match arrival.statuses {
                Some(_) if *circle == 0 => Some(BTreeMap::new()),
                Some(scope) => Some(circle::with_last_seen(conn, user, scope)?),
                None => None,
            },
        });
    }
    Ok(holding)
}

/// How many people those know who want to hear of any, each in their place.
fn circle_sizes(conn: &mut Conn, arrivals: &[Arrival]) -> Result<Vec<usize>, StoreError> {
    let social = |it: &&Arrival| it.chat || it.statuses.is_some();
    let social: Vec<_> = arrivals.iter().filter(social).collect();
    let scope = social.iter().filter_map(|it| it.statuses).max();
    let users: Vec<_> = social.iter().map(|it| &it.client.user).collect();
    let sizes = match users.is_empty() {
        true => HashMap::new(),
        false => circle::sizes(conn, &users, scope.unwrap_or(Scope::Partners))?,
    };
    let size = |it: &Arrival| sizes.get(&it.client.user).copied().unwrap_or_default();
    Ok(arrivals.iter().map(size).collect())
}

fn unread(
    conn: &mut Conn,
    user: &UserId,
    extent: Extent,
    circle: usize,
) -> Result<UnreadSnapshot, StoreError> {
    match circle {
        0 => Ok(UnreadSnapshot {
            as_of_seq: extent.head.get(),
            conversations: Vec::new(),
        }),
        _ => chat::queries::read_snapshot(conn, user, extent.head),
    }
}

fn extent_of(extents: &HashMap<UserId, Extent>, user: &UserId) -> Extent {
    extents.get(user).copied().unwrap_or(Extent::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_read_answers_the_first_and_of_the_others_those_who_know_the_fewest() {
        let fits = |sizes: &[usize]| fitting(sizes, Share::Fitting);
        let large = PEOPLE_MAX - 10;
        assert_eq!(
            fits(&[large, large, 7, 2, 0]),
            [true, false, true, true, true]
        );
        assert_eq!(fits(&[large, 6, 5, 5]), [true, false, true, true]);
        assert_eq!(fits(&[large, 10, 10]), [true, true, false]);
    }

    #[test]
    fn who_knows_too_many_for_one_read_is_in_nobodys_way() {
        let sizes = [PEOPLE_MAX + 1, PEOPLE_MAX, 1];
        assert_eq!(fitting(&sizes, Share::Fitting), [false, false, true]);
        assert_eq!(fitting(&sizes, Share::All), [true; 3]);
    }
}
