//! Ends what nodes left behind that are no more: their users, and changes that they did not get to tell.

use std::{convert::Infallible, time::Duration};

use actix_rt::time::{Instant, sleep};

use super::everywhere::{Everywhere, Tell};
use crate::{
    backplane::redis::commands::RedisFault,
    delivery::connectedness::registry::{Changed, Life},
    friends::Shared,
    kernel::{
        ids::{NodeId, UserId},
        logging::chain,
        time::Timestamp,
    },
    people::last_seen,
    store::{StoreError, Tx},
};

/// Users that are swept together: a few milliseconds of Redis.
const TOGETHER: usize = 200;

/// How old a change must be before somebody else tells it than the one who made it.
const UNTOLD_AFTER: Duration = Duration::from_secs(10);

/// Changes that are told again at a time.
pub(super) const UNTOLD_MAX: usize = 500;

/// Looks around a few times in each lease, for as long as it is polled.
pub(super) async fn sweep(shared: &Shared, everywhere: &Everywhere) -> Infallible {
    // Since when this node may act: others have had as long to renew their leases, which a Redis that
    // refuses does not let them.
    let mut current_since = Instant::now();
    let lease = everywhere.registry.lease();
    loop {
        sleep(lease / 3).await;
        if !shared.dispatch.is_current() || everywhere.refusal.is() {
            current_since = Instant::now();
        }
        // Nodes that live have renewed their leases by then.
        if everywhere.registry.may_sweep()
            && current_since.elapsed() >= lease
            && let Err(fault) = look_around(shared, everywhere).await
        {
            log::warn!(
                "who is gone with their node is not known cause={}",
                chain(&fault)
            );
        }
    }
}

async fn look_around(shared: &Shared, everywhere: &Everywhere) -> Result<(), RedisFault> {
    let found = everywhere.registry.look(UNTOLD_AFTER, UNTOLD_MAX).await?;
    for changed in found.untold {
        everywhere.tell(Tell::Everywhere(changed));
    }
    for life in found.over {
        sweep_life(shared, everywhere, &life).await?;
    }
    Ok(())
}

async fn sweep_life(
    shared: &Shared,
    everywhere: &Everywhere,
    life: &Life,
) -> Result<(), RedisFault> {
    let mut swept = 0;
    while let Some((gone, all)) = everywhere.registry.sweep(life, TOGETHER).await? {
        swept += gone.len();
        for changed in with_last_seen(shared, life, gone).await {
            everywhere.tell(Tell::Everywhere(changed));
        }
        if all {
            log::info!("people are gone with their node life={life} users={swept}");
            break;
        }
    }
    Ok(())
}

/// What the store says of when they were last seen is what everybody is told: the node's last sign of life there.
async fn with_last_seen(shared: &Shared, life: &Life, mut gone: Vec<Changed>) -> Vec<Changed> {
    let Some(node) = life.node().filter(|_| !gone.is_empty()) else {
        return gone;
    };
    let users = gone.iter().map(|it| it.user.clone()).collect();
    match settled(shared, node, users).await {
        Ok(seen) => {
            for (changed, seen) in gone.iter_mut().zip(seen) {
                changed.seen = seen.unwrap_or(changed.seen);
            }
        }
        Err(error) => log::warn!("last seen not settled life={life} cause={}", chain(&error)),
    }
    gone
}

async fn settled(
    shared: &Shared,
    node: NodeId,
    users: Vec<UserId>,
) -> Result<Vec<Option<Timestamp>>, StoreError> {
    let settle = move |tx: &mut Tx<'_>| {
        last_seen::settle_some(tx, &users.iter().cloned().collect(), &node)?;
        users.iter().map(|user| last_seen::find(tx, user)).collect()
    };
    shared.store.write(settle).await
}
