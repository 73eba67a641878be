//! What a live call has charged: as often as the ledger says, or as it says itself, as far as minutes have passed for that. What is
//! not found in the ledger may have been paid under a key that nobody can read any more, and nobody pays twice.

use std::collections::BTreeSet;

use diesel::{QueryableByName, sql_types::Text};

use super::broken;
use crate::{
    calls::rules::{
        call::{Call, Connection, Phase},
        meter::Tariff,
    },
    kernel::time::Timestamp,
    store::{
        Conn, StoreError,
        repair::{Breakage, Scene, rows},
    },
};

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    key: String,
}

/// One that says more than it has charged goes on without a charge until time has caught up with it.
pub(super) fn not_in_the_ledger(
    conn: &mut Conn,
    scene: &Scene<'_>,
) -> Result<Vec<Breakage>, StoreError> {
    let mut found = Vec::new();
    for call in broken::live(conn)? {
        let (Some(tariff), Some(connection)) = (call.tariff, call.connection()) else {
            continue;
        };
        let (said, paid) = (call.charges(), charged(conn, &call)?);
        let charged = paid.max(said.min(minutes(tariff, connection, scene.now)));
        if said != charged {
            found.push(Breakage::mended(
                format!("the call {}", call.id),
                format!("says that it has charged {said} times, and the ledger has {paid} of them"),
                format!("it has charged {charged} times"),
                move |tx| broken::recharge(tx, &with_charges(call, charged)),
            ));
        }
    }
    Ok(found)
}

/// How many minutes have passed, each of which may have been charged.
fn minutes(tariff: Tariff, connection: Connection, now: Timestamp) -> u32 {
    let passed = now.millis().saturating_sub(connection.at.millis());
    let passed = u128::try_from(passed).unwrap_or(0);
    let minutes = passed / tariff.minute.as_millis().max(1);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

/// How many charges the ledger has: they are numbered from 1, and each is made after the one before it.
fn charged(conn: &mut Conn, call: &Call) -> Result<u32, StoreError> {
    let question = "SELECT key FROM point_transactions WHERE user_id = $1 AND key LIKE $2";
    let prefix = format!("call:{}:", call.id);
    let keys: Vec<Key> = rows(
        conn,
        question,
        &[call.caller.as_str(), &format!("{prefix}%")],
    )?;
    let numbers = keys.iter().filter_map(|it| it.key.strip_prefix(&prefix));
    let numbers: BTreeSet<u32> = numbers.filter_map(|it| it.parse().ok()).collect();
    Ok(numbers.last().copied().unwrap_or(0))
}

fn with_charges(mut call: Call, charges: u32) -> Call {
    if let Phase::Connected { connection, .. } = &mut call.phase {
        connection.charges = charges;
    }
    call
}
