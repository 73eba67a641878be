//! Finds whom a change concerns and where they are, and tells those nodes.

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    time::Duration,
};

use actix_rt::time::sleep;

use super::{
    Frames,
    board::{Known, Verdict},
    everywhere::{Everywhere, Tell},
    hearing::{self, Told},
};
use crate::{
    backplane::{Channel, Echo, Subject},
    delivery::connectedness::{
        Change,
        registry::{Changed, Life},
    },
    friends::Shared,
    kernel::{
        ids::{NodeId, UserId},
        logging::chain,
    },
    people::circle::{self, Circle},
    store::StoreError,
};

/// Changes that are told together: one read of the store, one look at where people are.
const TOGETHER: usize = 64;

/// How long to wait after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells changes in the order in which they were queued, for as long as it is polled.
pub(super) async fn tell(shared: &Shared, everywhere: &Everywhere) -> Infallible {
    loop {
        let changes = everywhere.next_to_tell(TOGETHER).await;
        let circles = loop {
            match circles(shared, &changes).await {
                Ok(circles) => break circles,
                Err(error) => {
                    log::warn!("statuses not told yet cause={}", chain(&error));
                    sleep(PAUSE).await;
                }
            }
        };
        tell_all(shared, everywhere, changes.into_iter().zip(circles)).await;
    }
}

impl Tell {
    fn user(&self) -> &UserId {
        match self {
            Tell::Everywhere(changed) => &changed.user,
            Tell::Here(change) => change.user(),
        }
    }
}

async fn circles(shared: &Shared, changes: &[Tell]) -> Result<Vec<Circle>, StoreError> {
    let users: Vec<UserId> = changes.iter().map(|it| it.user().clone()).collect();
    let read = move |conn: &mut _| users.iter().map(|it| circle::of(conn, it)).collect();
    shared.store.read(read).await
}

async fn tell_all(
    shared: &Shared,
    everywhere: &Everywhere,
    changes: impl Iterator<Item = (Tell, Circle)>,
) {
    let changes: Vec<_> = changes.collect();
    let concerned = changes.iter().flat_map(|(_, circle)| circle.everybody());
    let concerned: BTreeSet<&UserId> = concerned.collect();
    let concerned: Vec<UserId> = concerned.into_iter().cloned().collect();
    let lives = everywhere.registry.whereabouts(&concerned).await;
    let lives = lives.inspect_err(|fault| {
        log::debug!("where people are is not known cause={}", chain(fault));
    });
    let where_they_are = lives.map(|lives| concerned.into_iter().zip(lives).collect());
    let mut told = Vec::new();
    for (change, circle) in changes {
        match (change, &where_they_are) {
            (Tell::Everywhere(changed), Ok(lives)) => {
                tell_nodes(shared, everywhere, &changed, &circle, lives);
                told.push(changed);
            }
            // It stays on the registry's list, for whoever can tell it then.
            (Tell::Everywhere(changed), Err(_)) => {
                tell_nodes(shared, everywhere, &changed, &circle, &HashMap::new());
            }
            (Tell::Here(change), _) => tell_here(shared, everywhere, change, &circle).await,
        }
    }
    if !told.is_empty()
        && let Err(fault) = everywhere.registry.told(&told).await
    {
        log::debug!("what was told may be told again cause={}", chain(&fault));
    }
}

/// Tells a change to the nodes where somebody is whom it concerns, this one first.
fn tell_nodes(
    shared: &Shared,
    everywhere: &Everywhere,
    changed: &Changed,
    circle: &Circle,
    lives: &HashMap<UserId, Vec<Life>>,
) {
    let mut nodes: HashMap<NodeId, Told> = HashMap::new();
    let partners = circle.partners.iter().map(|it| (it, true));
    for (user, is_partner) in partners.chain(circle.friends.iter().map(|it| (it, false))) {
        let there = lives.get(user).into_iter().flatten();
        let mut there: BTreeSet<NodeId> = there.filter_map(Life::node).collect();
        // Those who are here are told whatever the registry knows of them.
        there.insert(everywhere.node.clone());
        for node in there {
            let told = nodes.entry(node).or_insert_with(|| Told::new(changed));
            told.concerns(user.clone(), is_partner);
        }
    }
    // Noted even if it concerns nobody here.
    let here = nodes.remove(&everywhere.node);
    let here = here.unwrap_or_else(|| Told::new(changed));
    hearing::pass_on(shared, everywhere, &here);
    let backplane = shared.dispatch.backplane();
    for (node, told) in nodes {
        let to = Channel::Node(node);
        backplane.tell(&to, Subject::Friends, told.encode(), Echo::Skip);
    }
}

/// Tells people here of a change while other nodes are not heard.
async fn tell_here(shared: &Shared, everywhere: &Everywhere, change: Change, circle: &Circle) {
    let now = shared.store.now();
    let user = change.user().clone();
    let known = match change {
        Change::Online(_) => Known::Online,
        Change::Offline(_) => {
            let seen = shared.last_seen.of(vec![user.clone()]).await;
            let seen = seen.ok().and_then(|seen| seen.into_iter().next().flatten());
            Known::Offline(seen.unwrap_or(now))
        }
    };
    if everywhere.board().see(&user, known) == Verdict::Pass {
        return;
    }
    let frames = Frames::of(&user, known, now.millis());
    hearing::tell_here(shared, &frames, &circle.partners, &circle.friends);
}
