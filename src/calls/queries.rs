//! Calls as people, backends and admins ask for them.

use super::{
    Calls,
    entry::{self, Entry},
    records::{
        self,
        history::{self, Place},
        timeline::{self, TimelineEntry},
    },
    rules::call::PhaseName,
    wire,
};
use crate::{
    kernel::ids::{CallId, UserId},
    protocol::event::IncomingCall,
    store::StoreError,
};

impl Calls {
    /// A person's calls, the newest first, after a place in them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn history(
        &self,
        user: &UserId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let user = user.clone();
        let read = move |conn: &mut _| {
            let calls = history::page(conn, &user, after, limit)?;
            entry::with_people(conn, calls)
        };
        self.0.store.read(read).await
    }

    /// Everybody's calls, the newest first, after a place in them. For admins.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn all(&self, after: Option<Place>, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let read = move |conn: &mut _| {
            let calls = history::all(conn, after, limit)?;
            entry::with_people(conn, calls)
        };
        self.0.store.read(read).await
    }

    /// One of a person's calls; `None` if it is somebody else's, or nobody's.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find(&self, call: CallId, user: &UserId) -> Result<Option<Entry>, StoreError> {
        let user = user.clone();
        let read = move |conn: &mut _| {
            let call = records::find(conn, call)?.filter(|call| history::knows(&user, call));
            let found = entry::with_people(conn, call.into_iter().collect())?;
            Ok(found.into_iter().next())
        };
        self.0.store.read(read).await
    }

    /// The ring of a call at this person, for a device that was woken up by something else; `None` if nothing rings.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ring(
        &self,
        call: CallId,
        user: &UserId,
    ) -> Result<Option<IncomingCall>, StoreError> {
        let found = self.find(call, user).await?;
        let rung = found.filter(|entry| entry.call.otomo == *user);
        let now = self.0.store.now();
        Ok(rung.and_then(|entry| wire::incoming(&entry.call, &entry.caller, now)))
    }

    /// What happened in a call, in order; empty if nobody knows it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn timeline(&self, call: CallId) -> Result<Vec<TimelineEntry>, StoreError> {
        let read = move |conn: &mut _| timeline::of(conn, call);
        self.0.store.read(read).await
    }

    /// All live calls, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn live_calls(&self) -> Result<Vec<Entry>, StoreError> {
        let read = |conn: &mut _| {
            let calls = records::live(conn)?;
            entry::with_people(conn, calls)
        };
        self.0.store.read(read).await
    }

    /// How many live calls are in which phase, on all nodes. A phase without calls is not among them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn live_by_phase(&self) -> Result<Vec<(PhaseName, u64)>, StoreError> {
        self.0.store.read(records::count_live).await
    }
}
