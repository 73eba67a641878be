//! When people were last online, which must be known even of those who were online when the server was killed.
//!
//! So the store knows who is online, and on which node, and the node says every few seconds that it is alive. Who was there
//! when it died is taken to have left at its last sign of life: by itself when it starts again, or by another node that has
//! found it dead ([`cluster`](crate::cluster)).

use super::Friends;
use crate::{
    delivery::{line::Client, roster::Remaining},
    people::last_seen,
    store::{StoreError, Tx},
};

impl Friends {
    /// A session has begun. With the first one its user has come online.
    pub fn arrived(&self, client: &Client) {
        self.0.online.arrived(&client.user);
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
