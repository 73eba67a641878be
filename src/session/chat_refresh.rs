//! Fresh snapshots of the chat and of friends, sent whenever the client's earlier ones no longer hold: its user's friends,
//! partners or unread counts have changed in a way that no event tells.
//!
//! A fresh snapshot must not take back what the client has been sent meanwhile, so each session reads its own, and drops it
//! if something newer has gone out on this connection by then. A session reads one at a time, and none while its client is
//! slow: however often groups change, at most one snapshot waits.

use std::{rc::Rc, time::Duration};

use actix::{ActorFutureExt, WrapFuture};

use super::{Session, SessionContext, Stage, snapshots::status_scope};
use crate::{
    kernel::logging::chain,
    protocol::{
        event::{FriendStatusSnapshot, UnreadSnapshot},
        spec::Topic,
    },
    store::StoreError,
};

/// How long to wait before the next attempt, when the client is slow or the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// What was read: as much of it as the connection listens to.
struct Snapshots {
    unread: Option<UnreadSnapshot>,
    statuses: Option<FriendStatusSnapshot>,
}

/// Whether the client's snapshots of the chat and of friends still hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ChatView {
    /// They do.
    #[default]
    Fresh,
    /// They do not, and nothing is under way yet.
    Stale,
    /// Fresh ones are being read, or will be after [`PAUSE`].
    Refreshing,
    /// The same, but something has changed since.
    RefreshingStale,
}

impl Session {
    /// The client's snapshots of the chat and of friends no longer hold.
    pub(super) fn chat_outdated(&mut self, ctx: &mut SessionContext) {
        if let Stage::Live(live) = &mut self.stage {
            live.chat_view = match live.chat_view {
                ChatView::Fresh | ChatView::Stale => ChatView::Stale,
                ChatView::Refreshing | ChatView::RefreshingStale => ChatView::RefreshingStale,
            };
        }
        self.refresh_chat(ctx);
    }

    /// Reads fresh snapshots if the client's are stale and it has room for them. Not before `ready`: until then the
    /// snapshots of the start are still on their way.
    pub(super) fn refresh_chat(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let filter = live.line.filter();
        let (chat, scope) = (filter.wants(Topic::Chat), status_scope(filter));
        if !live.ready || live.chat_view != ChatView::Stale || scope.is_none() {
            return;
        }
        if !live.line.has_room() {
            return self.refresh_chat_later(ctx);
        }
        live.chat_view = ChatView::Refreshing;
        let (env, user) = (Rc::clone(&self.env), live.line.client().user.clone());
        let read = async move {
            let unread = match chat {
                true => Some(env.chat.snapshot(&user).await?),
                false => None,
            };
            // Last, because what changes after it is told after it.
            let statuses = match scope {
                Some(scope) => Some(env.friends.snapshot(&user, scope).await?),
                None => None,
            };
            Ok(Snapshots { unread, statuses })
        };
        ctx.spawn(read.into_actor(self).map(Self::chat_read));
    }

    fn chat_read(
        read: Result<Snapshots, StoreError>,
        session: &mut Self,
        ctx: &mut SessionContext,
    ) {
        let Stage::Live(live) = &mut session.stage else {
            return;
        };
        match read {
            Ok(Snapshots { unread, statuses })
                if unread.as_ref().is_none_or(|unread| {
                    live.line.cursor().borrow().sent().get() <= unread.as_of_seq
                }) =>
            {
                live.chat_view = match live.chat_view {
                    ChatView::RefreshingStale => ChatView::Stale,
                    ChatView::Fresh | ChatView::Stale | ChatView::Refreshing => ChatView::Fresh,
                };
                let filter = live.line.filter().clone();
                if let Some(unread) = unread {
                    session.say(filter.narrow_unread(unread));
                }
                if let Some(statuses) = statuses {
                    session.say(filter.narrow_statuses(statuses));
                }
                session.write();
                session.refresh_chat(ctx);
            }
            Ok(_overtaken) => {
                live.chat_view = ChatView::Stale;
                session.refresh_chat(ctx);
            }
            Err(error) => {
                let cause = chain(&error);
                log::warn!(
                    "chat could not be read session={} cause={cause}",
                    session.id
                );
                session.refresh_chat_later(ctx);
            }
        }
    }

    fn refresh_chat_later(&mut self, ctx: &mut SessionContext) {
        if let Stage::Live(live) = &mut self.stage {
            live.chat_view = ChatView::Refreshing;
        }
        ctx.run_later(PAUSE, |session, ctx| {
            if let Stage::Live(live) = &mut session.stage {
                live.chat_view = ChatView::Stale;
            }
            session.refresh_chat(ctx);
        });
    }
}
