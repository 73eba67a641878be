//! Which devices of a user are connected.

use std::future::Future;

use super::Dispatch;
use crate::kernel::ids::{DeviceId, UserId};

impl Dispatch {
    /// The devices of a user that are connected, each once.
    pub fn devices(&self, user: &UserId) -> impl Future<Output = Vec<DeviceId>> + use<> {
        let sessions = self.0.roster.sessions(user);
        let mut devices: Vec<DeviceId> = sessions.into_iter().map(|it| it.device).collect();
        devices.sort_unstable();
        devices.dedup();
        std::future::ready(devices)
    }
}
