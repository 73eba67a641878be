//! What a live call has charged: as many transactions as the ledger has of it, and no other number.

use std::collections::BTreeSet;

use diesel::{QueryableByName, sql_types::Text};

use super::broken;
use crate::{
    calls::rules::call::{Call, Phase},
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
    _: &Scene<'_>,
) -> Result<Vec<Breakage>, StoreError> {
    let mut found = Vec::new();
    for call in broken::live(conn)? {
        if call.tariff.is_none() || call.connection().is_none() {
            continue;
        }
        let (said, charged) = (call.charges(), charged(conn, &call)?);
        if said != charged {
            found.push(Breakage::mended(
                format!("the call {}", call.id),
                format!(
                    "says that it has charged {said} times, and the ledger has {charged} of them"
                ),
                "it has charged as often as the ledger says",
                move |tx| broken::recharge(tx, &with_charges(call, charged)),
            ));
        }
    }
    Ok(found)
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
