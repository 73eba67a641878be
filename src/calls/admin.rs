//! What admins do to calls. It works whatever state a call is in: one that cannot be read is closed as `otomo doctor --repair`
//! would close it, and who is held by none of theirs is let go.

use super::{
    Calls, CallsFault,
    records::broken,
    repair,
    rules::command::{Authority, Happening},
};
use crate::{
    kernel::ids::{CallId, UserId},
    store::StoreError,
};

impl Calls {
    /// An admin ends a call. One that is over stays as it is.
    ///
    /// # Errors
    /// [`CallsFault::Unknown`]; those of the store.
    pub async fn admin_end(&self, call: CallId) -> Result<(), CallsFault> {
        let stopped = Happening::Stopped(Authority::Admin);
        match self.order(call, stopped).await {
            // Where the call can be read, something else cannot, and the call goes on.
            Err(CallsFault::Store(fault @ StoreError::Corrupt(..))) => {
                match self.close_broken(call).await? {
                    true => Ok(()),
                    false => Err(CallsFault::Store(fault)),
                }
            }
            done => done,
        }
    }

    /// An admin ends whatever call an otomo is in, and says which; `None` if they were in none. Afterwards no call holds them,
    /// not even one that is over, or not there; and of those that they were in none goes on, not even one that did not hold them.
    ///
    /// # Errors
    /// Those of the store: the first of them, after all that could be done was done.
    pub async fn free(&self, otomo: &UserId) -> Result<Option<CallId>, CallsFault> {
        let user = otomo.clone();
        let read = move |conn: &mut _| broken::unended(conn, &user);
        let unended: Result<Vec<CallId>, StoreError> = self.0.store.read(read).await;
        let unended = unended?;
        let mut failed = None;
        for call in &unended {
            if let Err(fault) = self.admin_end(*call).await {
                failed.get_or_insert(fault);
            }
        }
        let let_go = self.let_go(otomo).await;
        match failed {
            Some(fault) => Err(fault),
            None => Ok(unended.first().copied().or(let_go?)),
        }
    }

    async fn let_go(&self, user: &UserId) -> Result<Option<CallId>, CallsFault> {
        let (user, policy) = (user.clone(), self.0.presence.policy());
        let stored = self
            .0
            .store
            .write(move |tx| repair::let_go(tx, &user, &policy));
        let let_go = stored.await?;
        self.0.presence.changed(let_go.changes).await;
        Ok(let_go.call)
    }

    /// Returns whether the call is over.
    async fn close_broken(&self, call: CallId) -> Result<bool, CallsFault> {
        let policy = self.0.presence.policy();
        let stored = self
            .0
            .store
            .write(move |tx| repair::close(tx, call, &policy));
        let Some(changes) = stored.await? else {
            return Ok(false);
        };
        self.0.presence.changed(changes).await;
        Ok(true)
    }
}
