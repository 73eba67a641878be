//! What may not be in the tables of presence: a lease that nobody holds, an otomo who cannot be read, a status that does not
//! follow from the facts, a wrap-up without an end.
//!
//! The facts are the truth: connections, choice, call. A status is what follows from them, so it is the status that is wrong. Whom
//! a mended fact concerns has their status settled with it ([`settle`]). That reads the otomo and their call, so who cannot be
//! read is mended before the calls ([`OTOMO`]) and by itself: what then follows for their status is found after them.

mod leases;
mod standings;

use super::{
    records,
    rules::{Policy, Published, Standing, at_rest},
    settings,
};
use crate::{
    kernel::{config::Config, ids::UserId},
    store::{StoreError, Tx, repair::Rule},
};

/// What holds of the otomo, whatever they are connected to or called by.
pub const OTOMO: &[Rule] = &[Rule {
    name: "unreadable-otomo",
    find: standings::unreadable,
}];

/// What holds of connections and statuses.
pub const RULES: &[Rule] = &[
    Rule {
        name: "lease",
        find: leases::find,
    },
    Rule {
        name: "wrap-up",
        find: standings::endless_wrap_ups,
    },
    Rule {
        name: "otomo-status",
        find: standings::untrue,
    },
];

/// What the rules of presence go by, with these settings.
pub fn policy(config: &Config) -> Policy {
    settings::policy(&config.presence, &config.calls)
}

/// Has an otomo's status follow from the facts, as they are in a database that nobody serves. A status that may be stays. A user
/// who is not an otomo has none.
///
/// # Errors
/// Those of the database.
pub fn settle(tx: &mut Tx<'_>, otomo: &UserId, policy: &Policy) -> Result<(), StoreError> {
    let Some(stored) = records::find_to_change(tx, otomo)? else {
        return Ok(());
    };
    let now = tx.now();
    let leases = records::leases::of(tx, otomo)?;
    let call = records::live_call(tx, otomo)?.map(|(_, phase)| phase);
    let may_be = at_rest(&stored, &leases, call, policy, now);
    let Some(&status) = may_be.first() else {
        return Ok(());
    };
    if may_be.contains(&stored.published.status) {
        return Ok(());
    }
    let published = Published {
        status,
        version: stored.published.version + 1,
        changed_at: now,
    };
    records::save(
        tx,
        &Standing {
            published,
            ..stored
        },
    )
}
