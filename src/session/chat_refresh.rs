//! Fresh snapshots of the chat, sent whenever the client's earlier ones no longer hold: its user's partners or unread
//! counts have changed in a way that no event tells.
//!
//! A fresh snapshot must not take back what the client has been sent meanwhile, so each session reads its own, and drops it
//! if something newer has gone out on this connection by then. A session reads one at a time, and none while its client is
//! slow: however often groups change, at most one snapshot waits.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::{Session, Stage};
use crate::{chat::Snapshots, kernel::logging::chain, protocol::spec::Topic, store::StoreError};

/// How long to wait before the next attempt, when the client is slow or the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the snapshots of the chat that the client has still hold.
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
    /// The snapshots of the chat that the client has no longer hold.
    pub(super) fn chat_outdated(&mut self, ctx: &mut Context<Self>) {
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
    pub(super) fn refresh_chat(&mut self, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        if !live.ready
            || live.chat_view != ChatView::Stale
            || !live.line.filter().wants(Topic::Chat)
        {
            return;
        }
        if !live.line.has_room() {
            return self.refresh_chat_later(ctx);
        }
        live.chat_view = ChatView::Refreshing;
        let (chat, user) = (self.env.chat.clone(), live.line.client().user.clone());
        let read = async move { chat.snapshots(&user).await };
        ctx.spawn(read.into_actor(self).map(Self::chat_read));
    }

    fn chat_read(read: Result<Snapshots, StoreError>, session: &mut Self, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &mut session.stage else {
            return;
        };
        match read {
            Ok(snapshots)
                if live.line.cursor().borrow().sent().get() <= snapshots.unread.as_of_seq =>
            {
                live.chat_view = match live.chat_view {
                    ChatView::RefreshingStale => ChatView::Stale,
                    ChatView::Fresh | ChatView::Stale | ChatView::Refreshing => ChatView::Fresh,
                };
                let filter = live.line.filter().clone();
                session.say(filter.narrow_unread(snapshots.unread));
                session.say(filter.narrow_statuses(snapshots.partners));
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

    fn refresh_chat_later(&mut self, ctx: &mut Context<Self>) {
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
