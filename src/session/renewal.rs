//! The snapshots of the chat anew, whenever it is another matter with whom the user talks.
//!
//! A snapshot that is told anew must not take back what the client has been sent meanwhile, so each session looks for
//! itself: what it reads counts only if nothing newer has gone out on this connection by the time it is there. One look at
//! a time, and none while the client is slow: however often groups change, one snapshot waits at most.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::{Session, Stage};
use crate::{chat::Snapshots, kernel::logging::chain, protocol::spec::Topic, store::StoreError};

/// How long to wait for a client that is slow, or for a store that could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the client is to be told anew what the chat looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Look {
    /// What it was told holds.
    #[default]
    Not,
    /// It is.
    Due,
    /// It will be: that is being read, or waited for.
    OnItsWay,
    /// The same, but something has changed since.
    OnItsWayAndDue,
}

impl Session {
    /// What the client was told of the chat at the start does not hold any more.
    pub(super) fn chat_outdated(&mut self, ctx: &mut Context<Self>) {
        if let Stage::Live(live) = &mut self.stage {
            live.look = match live.look {
                Look::Not | Look::Due => Look::Due,
                Look::OnItsWay | Look::OnItsWayAndDue => Look::OnItsWayAndDue,
            };
        }
        self.look_anew(ctx);
    }

    /// Reads the snapshots anew, if that is due and the client has room for them. Not before `ready`: until then the
    /// snapshots of the start are on their way.
    pub(super) fn look_anew(&mut self, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        if !live.ready || live.look != Look::Due || !live.line.filter().wants(Topic::Chat) {
            return;
        }
        if !live.line.has_room() {
            return self.look_later(ctx);
        }
        live.look = Look::OnItsWay;
        let (chat, user) = (self.env.chat.clone(), live.line.client().user.clone());
        let read = async move { chat.snapshots(&user).await };
        ctx.spawn(read.into_actor(self).map(Self::looked));
    }

    fn looked(read: Result<Snapshots, StoreError>, session: &mut Self, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &mut session.stage else {
            return;
        };
        match read {
            Ok(snapshots)
                if live.line.cursor().borrow().sent().get() <= snapshots.unread.as_of_seq =>
            {
                live.look = match live.look {
                    Look::OnItsWayAndDue => Look::Due,
                    Look::Not | Look::Due | Look::OnItsWay => Look::Not,
                };
                let filter = live.line.filter().clone();
                session.say(filter.unread(snapshots.unread));
                session.say(filter.statuses(snapshots.partners));
                session.write();
                session.look_anew(ctx);
            }
            Ok(_overtaken) => {
                live.look = Look::Due;
                session.look_anew(ctx);
            }
            Err(error) => {
                let cause = chain(&error);
                log::warn!(
                    "chat could not be read session={} cause={cause}",
                    session.id
                );
                session.look_later(ctx);
            }
        }
    }

    fn look_later(&mut self, ctx: &mut Context<Self>) {
        if let Stage::Live(live) = &mut self.stage {
            live.look = Look::OnItsWay;
        }
        ctx.run_later(PAUSE, |session, ctx| {
            if let Stage::Live(live) = &mut session.stage {
                live.look = Look::Due;
            }
            session.look_anew(ctx);
        });
    }
}
