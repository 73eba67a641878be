//! The state a client starts from: the snapshots of the topics that it wants.

use super::{arrivals::Holding, env::Env};
use crate::{
    delivery::{
        filter::Filter,
        line::{Delivered, Line, SessionRef},
    },
    friends::Mark,
    people::circle::Scope,
    protocol::{event::Event, frame::Frame, spec::Topic},
    rooms::RoomsFault,
};

/// Why the snapshots cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotFault {
    #[error(transparent)]
    Rooms(#[from] RoomsFault),
}

/// Queues the snapshots of what was read, in the order of the protocol. `since` is when the statuses begin to be heard.
///
/// # Errors
/// Those of the store.
pub(super) async fn send(
    env: &Env,
    line: &Line,
    at: SessionRef,
    holding: Holding,
    since: Option<Mark>,
) -> Result<(), SnapshotFault> {
    let filter = line.filter();
    // What is live waits behind the gate, so nothing that the worker queues meanwhile comes in between.
    let tell = |event: Event| -> Delivered { line.push_always(Frame::new(&event)) };
    if filter.wants(Topic::Otomo) {
        env.dispatch
            .subscribe(at, Topic::Otomo, env.presence.board())
            .await;
    }
    if let Some(read) = holding.calls {
        tell(env.calls.told(read).await.into());
    }
    if let Some(unread) = holding.unread {
        tell(filter.narrow_unread(unread).into());
    }
    if let (Some(since), Some(circle)) = (since, holding.circle) {
        let statuses = env.friends.snapshot_of(since, circle).await;
        tell(filter.narrow_statuses(statuses).into());
    }
    if filter.wants(Topic::Rooms) {
        env.rooms.welcome(&line.client().user, at).await?;
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
