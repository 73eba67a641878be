//! Who the server knows: name, picture, role, price, and whether they may come in at all.
//!
//! Two hands write here. A backend sets people up ([`People::put`]); and with `users.auto_provision` a valid token is
//! enough ([`People::enter`]), since its claims come from the same app. What a token does not say (a name, a picture) leaves
//! standing what is stored; the price and `disabled` are the backend's alone.
//!
//! Connecting is frequent and changes nothing nearly always. So [`People::enter`] reads, and only a person who is new or
//! differs costs a write, in which the decision ([`admission::admit`]) is made again on what is stored by then.

pub mod admission;
pub mod circle;
pub mod last_seen;
pub mod records;
pub mod repair;

use crate::{
    kernel::{
        identity::{Identity, Role},
        ids::UserId,
    },
    store::{Handle, StoreError},
};

pub use admission::EntryFault;

/// Somebody the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The `sub` of their token.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// The name that others are shown.
    pub name: String,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// Points that a minute of a call with them costs. `None`: calls are free.
    pub price_per_minute: Option<u32>,
    /// Whether they are locked out.
    pub disabled: bool,
}

/// What a [`People::put`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The person was not known before.
    Created,
    /// Something is different now.
    Changed {
        /// The role that they had until now.
        role_was: Role,
    },
    /// All of it was stored already; nothing was written.
    Unchanged,
}

/// The people, for the rooms above. Clones share the store.
#[derive(Clone)]
pub struct People {
    store: Handle,
    auto_provision: bool,
}

impl People {
    /// `auto_provision`: whether a valid token is enough to be known (`users.auto_provision`).
    pub fn new(store: Handle, auto_provision: bool) -> Self {
        Self {
            store,
            auto_provision,
        }
    }

    /// Lets the bearer of a checked token in, and stores what the token says of them if it is new.
    ///
    /// # Errors
    /// The refusals of [`EntryFault`]; nothing is stored then.
    pub async fn enter(&self, identity: Identity) -> Result<Person, EntryFault> {
        let stored = self.find(identity.user.clone()).await?;
        self.admit(stored, identity).await
    }

    /// The same for one of whom `stored` is what the store knew a moment ago.
    ///
    /// # Errors
    /// The refusals of [`EntryFault`]; nothing is stored then.
    pub async fn admit(
        &self,
        stored: Option<Person>,
        identity: Identity,
    ) -> Result<Person, EntryFault> {
        let auto_provision = self.auto_provision;
        let person = admission::admit(stored.as_ref(), &identity, auto_provision)?;
        if stored.as_ref() == Some(&person) {
            return Ok(person);
        }
        self.store
            .write(move |tx| records::enter(tx, &identity, auto_provision))
            .await
    }

    /// Stores a person as a backend describes them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn put(&self, person: Person) -> Result<Put, StoreError> {
        self.store.write(move |tx| records::put(tx, &person)).await
    }

    /// Somebody, if they are known.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        self.store
            .read(move |conn| records::find(conn, &user))
            .await
    }
}

#[cfg(test)]
mod tests;
