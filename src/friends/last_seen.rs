//! When people were last online, which must be known even of those who were online when the server was killed.
//!
//! So the store knows who is online, and every few seconds that the server is alive. At the next start, whoever was online
//! is taken to have left at the server's last sign of life.

use std::{convert::Infallible, time::Duration};

use actix_rt::time::sleep;

use super::Friends;
use crate::{
    delivery::{alive, line::Client, roster::Remaining},
    kernel::logging::chain,
    people::last_seen,
    store::{StoreError, Tx},
};

/// Between two signs of life. After `kill -9` a last seen may be too early by this much.
const ALIVE_INTERVAL: Duration = Duration::from_secs(5);

impl Friends {
    /// A session has begun. With the first one its user has come online.
    pub fn arrived(&self, client: &Client) {
        if self.0.dispatch.roster().sessions(&client.user).len() == 1 {
            let (user, node) = (client.user.clone(), self.0.node.clone());
            self.write_unawaited(move |tx| last_seen::arrive(tx, &user, &node));
        }
    }

    /// A session has ended. With the last one its user was last seen.
    pub fn left(&self, client: &Client, remaining: Remaining) {
        if remaining.of_user == 0 {
            let (user, node) = (client.user.clone(), self.0.node.clone());
            self.write_unawaited(move |tx| last_seen::leave(tx, &user, &node));
        }
    }

    /// Stores every few seconds that the server is alive, for as long as it is polled: by one task of the server.
    pub async fn record_alive(&self) -> Infallible {
        loop {
            // While nobody is online, nobody can be left behind.
            if self.0.dispatch.roster().users() > 0 {
                let node = self.0.node.clone();
                let alive = move |tx: &mut Tx<'_>| alive::record(tx, &node);
                if let Err(error) = self.0.store.write::<_, StoreError, _>(alive).await {
                    log::warn!("sign of life not stored cause={}", chain(&error));
                }
            }
            sleep(ALIVE_INTERVAL).await;
        }
    }

    /// Marks everybody as gone whom a killed run of the server has left behind.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let node = self.0.node.clone();
        let settled = move |tx: &mut Tx<'_>| last_seen::settle(tx, &node);
        match self.0.store.write::<_, StoreError, _>(settled).await? {
            0 => {}
            users => log::info!("users were online when the server was killed users={users}"),
        }
        Ok(())
    }

    /// Writes without waiting for the outcome. The store logs a commit that fails; when its queue is full, messages matter
    /// more than when somebody was last seen.
    fn write_unawaited(
        &self,
        job: impl FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) {
        drop(self.0.store.write::<_, StoreError, _>(job));
    }
}
