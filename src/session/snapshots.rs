//! The state a client starts from: the snapshots of the topics that it wants.

use super::env::Env;
use crate::{
    delivery::{
        filter::Filter,
        line::{Client, SessionRef},
        lines::To,
    },
    people::circle::Scope,
    protocol::{event::Event, frame::Frame, spec::Topic},
    rooms::RoomsFault,
    store::StoreError,
};

/// Why the snapshots cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rooms(#[from] RoomsFault),
}

/// Sends the snapshots, in the order of the protocol: each waits until the worker has queued the one before.
///
/// # Errors
/// Those of the store.
pub(super) async fn send(
    env: &Env,
    client: &Client,
    at: SessionRef,
    filter: &Filter,
) -> Result<(), SnapshotFault> {
    let tell = |event: Event| {
        env.dispatch
            .tell_counted(To::Session(at), Frame::new(&event))
    };
    if filter.wants(Topic::Otomo) {
        env.dispatch
            .subscribe(at, Topic::Otomo, env.presence.board())
            .await;
    }
    if filter.wants(Topic::Calls) {
        tell(env.calls.snapshot(client).await?.into()).await;
    }
    if filter.wants(Topic::Chat) {
        let unread = env.chat.snapshot(&client.user).await?;
        tell(filter.narrow_unread(unread).into()).await;
    }
    if let Some(scope) = status_scope(filter) {
        let statuses = env.friends.snapshot(&client.user, scope).await?;
        tell(filter.narrow_statuses(statuses).into()).await;
    }
    if filter.wants(Topic::Rooms) {
        env.rooms.welcome(&client.user, at).await?;
    }
    Ok(())
}

/// Of whom a connection hears whether they are online; `None`: of nobody.
pub(super) fn status_scope(filter: &Filter) -> Option<Scope> {
    match (filter.wants(Topic::Friends), filter.wants(Topic::Chat)) {
        (true, _) => Some(Scope::Everybody),
        (false, true) => Some(Scope::Partners),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_listens_to_the_chat_alone_hears_of_partners_alone() {
        let of = |topics: &str| status_scope(&Filter::new(topics.parse().unwrap()));
        assert_eq!(of("otomo"), None);
        assert_eq!(of("chat"), Some(Scope::Partners));
        assert_eq!(of("friends"), Some(Scope::Everybody));
        assert_eq!(of("chat,friends"), Some(Scope::Everybody));
    }
}
