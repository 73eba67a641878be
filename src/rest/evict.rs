//! Ending a user's part in everything: an otomo whom an admin sets offline, somebody who is disconnected, or disabled.

use super::{Shared, error::ApiError};
use crate::{
    delivery::lines::To, kernel::ids::UserId, presence::PresenceFault,
    protocol::close_code::CloseCode,
};

/// Ends a user's live call and closes their connections (4003), in this order: they hear of the call's end. An otomo is offline
/// before, or the call's end would show them online. Returns how many connections those were.
///
/// # Errors
/// If something of it could not be stored. The rest is done nevertheless.
pub(super) async fn evict(
    shared: &Shared,
    user: &UserId,
    reason: &'static str,
) -> Result<usize, ApiError> {
    let offline = set_offline(shared, user).await;
    let freed = shared.calls.free(user).await;
    let to = To::User(user.clone());
    let closed = shared.dispatch.close(to, CloseCode::Disabled, reason).await;
    offline?;
    freed?;
    Ok(closed)
}

/// Has nobody see somebody online any more: an otomo. Others have no status.
///
/// # Errors
/// Those of the store.
pub(super) async fn set_offline(shared: &Shared, user: &UserId) -> Result<(), PresenceFault> {
    match shared.presence.force_offline(user).await {
        Err(PresenceFault::UnknownOtomo) => Ok(()),
        done => done,
    }
}
