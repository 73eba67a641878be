//! What decides on a request, read in the transaction that will store it.

use crate::{
    calls::rules::request::{Facts, Request},
    presence::records::calling,
    store::{StoreError, Tx},
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
    Ok(Facts {
        known: super::find(tx, request.id)?,
        live: own.into_iter().chain(theirs).collect(),
        called: calling::callable(tx, &request.otomo)?,
        over_rate: circumstances.over_rate,
        draining: circumstances.draining,
    })
}
