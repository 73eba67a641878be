//! What decides on a request, read in the transaction that will store it.

use std::{collections::BTreeMap, num::NonZeroU32};

use crate::{
    calls::rules::{
        call::Call,
        request::{Facts, Request},
    },
    people, points,
    presence::records::calling,
    store::{Conn, StoreError, Tx},
};

/// What the server knows beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The caller has used up `limits.calls_per_minute`.
    pub over_rate: bool,
    /// This node takes no new calls.
    pub draining: bool,
}

/// Reads all that [`open`](crate::calls::rules::request::open) has to know.
pub fn read(
    tx: &mut Tx<'_>,
    request: &Request,
    circumstances: Circumstances,
) -> Result<Facts, StoreError> {
    let own = super::live_of(tx, &request.caller.user)?;
    let theirs = super::live_of(tx, &request.otomo)?;
    // Of the same call there is one, whichever of its people is asked.
    let theirs = theirs.filter(|call| Some(call.id) != own.as_ref().map(|own| own.id));
    let live: Vec<Call> = own.into_iter().chain(theirs).collect();
    let price = price(tx, request)?;
    let mut balances = BTreeMap::new();
    for call in &live {
        balances.insert(call.caller.clone(), balance(tx, call)?);
    }
    if price.is_some() {
        let caller = &request.caller.user;
        let account = points::records::account(tx, caller)?;
        balances.insert(caller.clone(), account.balance);
    }
    Ok(Facts {
        known: super::find(tx, request.id)?,
        live,
        called: calling::callable(tx, &request.otomo)?,
        price,
        balances,
        over_rate: circumstances.over_rate,
        draining: circumstances.draining,
    })
}

/// The points of a call's caller, as far as they matter: those of a free call are not looked up.
pub fn balance(conn: &mut Conn, call: &Call) -> Result<i64, StoreError> {
    if call.tariff.is_none() {
        return Ok(0);
    }
    Ok(points::records::account(conn, &call.caller)?.balance)
}

/// What a minute with the called person costs.
fn price(tx: &mut Tx<'_>, request: &Request) -> Result<Option<NonZeroU32>, StoreError> {
    let called = people::records::find(tx, &request.otomo)?;
    let price = called.and_then(|called| called.price_per_minute);
    Ok(price.and_then(NonZeroU32::new))
}
