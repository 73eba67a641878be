//! Ending a user's part in everything: an otomo whom an admin sets offline, somebody who is disabled.

use super::{Shared, error::ApiError};
use crate::{delivery::lines::To, kernel::ids::UserId, protocol::close_code::CloseCode};

/// Ends a user's live call and closes their connections (4003), in this order: they hear of the call's end. Returns how many connections those were. An otomo is forced
/// offline before ([`crate::presence::Presence::force_offline`]), or the call's end would show them online.
///
/// # Errors
/// If the call could not be ended. The connections are closed nevertheless.
pub(super) async fn evict(
    shared: &Shared,
    user: &UserId,
    reason: &'static str,
) -> Result<usize, ApiError> {
    let freed = shared.calls.free(user).await;
    let to = To::User(user.clone());
    let closed = shared.dispatch.close(to, CloseCode::Disabled, reason).await;
    freed?;
    Ok(closed)
}
