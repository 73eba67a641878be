//! When people were last there, which must be known also of those who were there when the server was killed.
//!
//! So it is stored who is there, when they come, and every few seconds that the server runs. At the next start those who
//! were there have gone at its last sign of life; who comes back is there again.

use std::{convert::Infallible, time::Duration};

use actix_rt::time::sleep;

use super::{Chat, records::last_seen};
use crate::{
    delivery::{line::Client, roster::Remaining},
    kernel::logging::chain,
    store::{StoreError, Tx},
};

/// Between two signs of life: by so much a last seen may be too early after `kill -9`.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

impl Chat {
    /// A session has begun. With the first one its user has come.
    pub fn arrived(&self, client: &Client) {
        if self.0.dispatch.roster().sessions(&client.user).len() == 1 {
            let (user, node) = (client.user.clone(), self.0.node.clone());
            self.store_in_passing(move |tx| last_seen::arrive(tx, &user, &node));
        }
    }

    /// A session is over, and so is what was being written on it. With the last one its user was last seen.
    pub fn left(&self, client: &Client, remaining: Remaining) {
        self.0.typing.left(client);
        if remaining.of_user == 0 {
            let user = client.user.clone();
            self.store_in_passing(move |tx| last_seen::leave(tx, &user));
        }
    }

    /// Says every few seconds that the server runs, for as long as it is polled; one task of the server does that.
    pub async fn show_life(&self) -> Infallible {
        loop {
            // While nobody is there nobody can be left behind.
            if self.0.dispatch.roster().users() > 0 {
                let node = self.0.node.clone();
                let live = move |tx: &mut Tx<'_>| last_seen::live(tx, &node);
                if let Err(error) = self.0.store.write::<_, StoreError, _>(live).await {
                    log::warn!("no sign of life stored cause={}", chain(&error));
                }
            }
            sleep(ALIVE_EVERY).await;
        }
    }

    /// Says of those whom an earlier run of the server left behind that they have gone.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let node = self.0.node.clone();
        let settled = move |tx: &mut Tx<'_>| last_seen::settle(tx, &node);
        match self.0.store.write::<_, StoreError, _>(settled).await? {
            0 => {}
            users => log::info!("people were there when the server was killed users={users}"),
        }
        Ok(())
    }

    /// Nobody waits for it. A commit that fails is in the store's log; where the queue is full, it matters more that
    /// messages get through than when somebody was last seen.
    fn store_in_passing(
        &self,
        job: impl FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) {
        drop(self.0.store.write::<_, StoreError, _>(job));
    }
}
