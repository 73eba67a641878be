//! The retention of messages, in steps so small that no writer waits noticeably for one.
//!
//! What was pruned is no longer unread; whoever is online and had not read it gets fresh snapshots.

use super::{
    Chat,
    records::pruning::{self, Dropped},
};
use crate::{
    kernel::{config::ChatConfig, ids::UserId},
    store::{
        Handle, StoreError, Tx,
        steps::{STEP_ROWS, in_steps},
    },
};

impl Chat {
    /// Drops messages as [`prune`] does, and refreshes the snapshots of those concerned.
    ///
    /// # Errors
    /// Those of [`in_steps`].
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let outdated = |user: &UserId| self.0.dispatch.chat_outdated(user);
        prune(&self.0.store, &self.0.config, outdated).await
    }
}

/// Drops the messages that are older than `chat.retention`, then those beyond the newest `chat.max_messages` of each
/// conversation; returns how many. Other writes go between the steps. Calls `less_unread` with everybody who has fewer
/// unread messages for it.
///
/// # Errors
/// Those of [`in_steps`].
pub async fn prune(
    store: &Handle,
    retention: &ChatConfig,
    less_unread: impl Fn(&UserId),
) -> Result<u64, StoreError> {
    let mut messages = 0;
    let mut note = |dropped: Dropped| {
        messages += dropped.messages;
        dropped.unread_by.iter().for_each(&less_unread);
    };
    if let Some(age) = retention.retention {
        let before = store.now() - age;
        let step = move |tx: &mut Tx<'_>| pruning::drop_aged(tx, before, STEP_ROWS);
        in_steps(store, step, &mut note).await?;
    }
    if let Some(keep) = retention.max_messages {
        let keep = keep.get();
        let mut after = Some(String::new());
        while let Some(last) = after {
            let look = store.read(move |conn| pruning::overfull(conn, keep, &last));
            let (overfull, next) = look.await?;
            for conversation in overfull {
                let step = move |tx: &mut Tx<'_>| {
                    pruning::drop_overfull(tx, conversation, keep, STEP_ROWS)
                };
                in_steps(store, step, &mut note).await?;
            }
            after = next;
        }
    }
    Ok(messages)
}
