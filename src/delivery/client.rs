//! Who a line belongs to, and where it is.

use crate::kernel::{
    identity::Role,
    ids::{DeviceId, SessionId, UserId},
};

/// Who is at the other end of a line.
#[derive(Debug, Clone)]
pub struct Client {
    /// The person.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// The device, over reconnects.
    pub device: DeviceId,
    /// This connection.
    pub session: SessionId,
}

/// Where a session is: its worker and its place there. Stale once the session has ended, which the
/// worker notices by the session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRef {
    /// The worker's number.
    pub worker: u16,
    /// The line's place in the worker's table.
    pub slot: u32,
    /// The session that was there when the reference was made.
    pub session: SessionId,
}
