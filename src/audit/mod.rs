//! What admins did: who, when, to whom or what, and how it came out.
//!
//! An action is written down before it is done ([`Audit::begin`]) and concluded after ([`Audit::conclude`]). So nothing an
//! admin does goes unrecorded, also if the server dies in between: then the entry has no outcome.

pub mod records;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use crate::{
    kernel::{
        ids::{AuditId, UserId},
        names::named,
        time::Timestamp,
    },
    store::{Handle, StoreError},
};

named! {
    /// What admins can do.
    #[schemars(rename = "AdminAction")]
    pub enum Action {
        /// Ended a call.
        EndCall = "call.end",
        /// Gave an otomo a status.
        SetStatus = "otomo.status",
        /// Set an otomo free for calls.
        FreeOtomo = "otomo.free",
        /// Closed a connection.
        Disconnect = "session.disconnect",
        /// Closed all connections of somebody.
        DisconnectUser = "user.disconnect",
        /// Had a user's durable events sent again.
        ResendInbox = "inbox.resend",
        /// Had a node drained.
        Drain = "node.drain",
    }
}

/// Something that an admin is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The admin.
    pub actor: UserId,
    /// What.
    pub action: Action,
    /// To whom or what: an id.
    pub target: String,
    /// What else was said about it.
    pub detail: Option<String>,
}

impl AuditEvent {
    /// To do something to somebody or something.
    pub fn new(actor: &UserId, action: Action, target: &impl Display) -> Self {
        Self {
            actor: actor.clone(),
            action,
            target: target.to_string(),
            detail: None,
        }
    }

    /// The same with what else was said about it.
    #[must_use]
    pub fn with_detail(self, detail: impl Display) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..self
        }
    }
}

/// Something that an admin did, or tried to.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Sorts by time.
    pub id: AuditId,
    /// When it was begun.
    pub at: Timestamp,
    /// What was to be done.
    pub event: AuditEvent,
    /// [`DONE`], or the code of the error with which it was refused. `None`: the server stopped before it was known.
    pub outcome: Option<String>,
}

/// The outcome of what was done.
pub const DONE: &str = "done";

/// The audit log: what admins did. Clones share the store.
#[derive(Clone)]
pub struct Audit(Handle);

impl Audit {
    /// The log in this store.
    pub fn new(store: Handle) -> Self {
        Self(store)
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// Those of the store. The action must not be done then.
    pub async fn begin(&self, event: AuditEvent) -> Result<AuditId, StoreError> {
        let id = AuditId::new();
        let written = self.0.write(move |tx| records::insert(tx, id, &event));
        written.await.map(|()| id)
    }

    /// Adds how it came out.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn conclude(&self, id: AuditId, outcome: &'static str) -> Result<(), StoreError> {
        self.0
            .write(move |tx| records::set_outcome(tx, id, outcome))
            .await
    }

    /// At most `limit` entries, newest first, those before `before`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn page(
        &self,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        self.0
            .read(move |conn| records::page(conn, before, limit))
            .await
    }
}
