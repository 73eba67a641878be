//! The durable lane of one session: pages of the inbox as the client takes them.

use std::time::Duration;

use actix::{ActorFutureExt, WrapFuture};

use super::{Session, SessionContext, Stage};
use crate::{
    delivery::inbox::{
        Extent, Seq,
        cursor::Offer,
        records::{self, Page, StoredEvent},
        resume,
    },
    kernel::logging::chain,
    protocol::{
        event::{Ready, Resync, ResyncReason},
        frame::{Frame, Stamp},
    },
    store::StoreError,
};

/// Events read at once: a page of ordinary events fills half the soft limit of an outbox.
const PAGE: u32 = 128;

/// How long to wait after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

impl Session {
    /// Looks how far the stream has come by now, then reads on until nothing is missing and the client
    /// can be told `ready`.
    pub(super) fn read_inbox_to_the_end(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        live.pauses = false;
        let user = live.line.client().user.clone();
        let extent = self
            .env
            .store
            .read(move |conn| records::extent(conn, &user));
        ctx.spawn(
            extent
                .into_actor(self)
                .map(|extent, session, ctx| match extent {
                    Ok(extent) => {
                        if let Stage::Live(live) = &session.stage {
                            live.line.cursor().borrow_mut().heard(extent.head);
                        }
                        session.read_inbox(ctx);
                    }
                    Err(error) => session.inbox_failed(&error, ctx),
                }),
        );
    }

    /// Reads the next page, if one is due and the client has room for it.
    pub(super) fn read_inbox(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let opening = live.ready && !live.line.is_open();
        if !live.snapshots_sent || opening {
            // What was missed comes after the snapshots and before `ready`: once these are sent, it goes on.
            return;
        }
        if !live.line.cursor().borrow().is_behind() {
            return self.caught_up(ctx);
        }
        if live.pauses {
            return;
        }
        if !live.line.has_room() {
            // The line asks again when the client has taken some of it. It may be the snapshots, which nobody has written yet.
            return live.line.pump();
        }
        let after = live.line.cursor().borrow_mut().next_page_after();
        let Some(after) = after else { return };
        let user = live.line.client().user.clone();
        let now = self.env.store.now();
        let page = self
            .env
            .store
            .read(move |conn| records::page(conn, &user, after, PAGE, now));
        ctx.spawn(
            page.into_actor(self)
                .map(move |page, session, ctx| match page {
                    Ok(page) => session.take_page(page, ctx),
                    Err(error) => {
                        session.page_done(after);
                        session.inbox_failed(&error, ctx);
                    }
                }),
        );
    }

    fn take_page(&mut self, page: Page, ctx: &mut SessionContext) {
        match page {
            Page::Events {
                events,
                unreadable,
                through,
            } => {
                let through = self.push_events(events, unreadable, through, ctx);
                self.page_done(through);
            }
            Page::Dropped(extent) => {
                // The retention was faster than the client: it goes on from the head.
                self.pass(extent, ctx);
                self.page_done(extent.head);
            }
        }
        self.write();
        self.read_inbox(ctx);
    }

    /// Hands out a page that looked up to `through`, as far as the client has room: what is left is read again once there is.
    /// Returns how far that was.
    fn push_events(
        &mut self,
        events: Vec<StoredEvent>,
        unreadable: Option<Seq>,
        through: Seq,
        ctx: &mut SessionContext,
    ) -> Seq {
        let Stage::Live(live) = &self.stage else {
            return through;
        };
        for event in events {
            if !live.line.has_room() {
                return live.line.cursor().borrow().sent();
            }
            let frame = Frame::stored(&event.type_name, event.topic, event.body);
            let passes = live.line.filter().passes(&frame);
            let offer = live.line.cursor().borrow_mut().replay(event.seq, passes);
            if let Offer::SendNow { prev } = offer {
                let stamp = Stamp::Durable {
                    seq: event.seq.get(),
                    prev: prev.get(),
                };
                let _ = live.line.push_page(frame, stamp);
            }
        }
        if let Some(unreadable) = unreadable {
            self.pass(after(unreadable), ctx);
        }
        through
    }

    /// The client is told, in its turn, that what comes before this cannot be sent, and goes on with it. What its snapshots say
    /// holds no longer: nobody knows what that was.
    fn pass(&mut self, extent: Extent, ctx: &mut SessionContext) {
        if let Stage::Live(live) = &self.stage
            && live.line.cursor().borrow_mut().pass(extent.head)
        {
            let resync = resync(resume::ResyncReason::Retention, extent);
            let _ = live
                .line
                .push_page(Frame::new(&resync.into()), Stamp::InTurn);
            self.chat_outdated(ctx);
        }
    }

    fn page_done(&mut self, through: Seq) {
        if let Stage::Live(live) = &self.stage {
            live.line.cursor().borrow_mut().page_done(through);
        }
    }

    /// Nothing is missing. The first time, that is what `ready` says.
    fn caught_up(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        if std::mem::replace(&mut live.ready, true) {
            return;
        }
        let seq = live.line.cursor().borrow().sent().get();
        self.env
            .dispatch
            .open(live.at, Frame::new(&Ready { seq }.into()));
        self.refresh_chat(ctx);
    }

    /// Nothing is read before the pause is over: a store that has too much to do would have more with each event.
    fn inbox_failed(&mut self, error: &StoreError, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let cause = chain(error);
        log::warn!("inbox could not be read session={} cause={cause}", self.id);
        if !std::mem::replace(&mut live.pauses, true) {
            ctx.run_later(PAUSE, Self::read_inbox_to_the_end);
        }
    }
}

/// What is left of a stream of which the event in this place cannot be read: what comes after it.
fn after(unreadable: Seq) -> Extent {
    Extent {
        first: unreadable.next(),
        head: unreadable,
    }
}

/// What a client is told whose stream cannot be continued.
pub(super) fn resync(reason: resume::ResyncReason, extent: Extent) -> Resync {
    let reason = match reason {
        resume::ResyncReason::Retention => ResyncReason::Retention,
        resume::ResyncReason::UnknownSeq => ResyncReason::UnknownSeq,
    };
    Resync {
        reason,
        first_seq: extent.first.get(),
        seq: extent.head.get(),
    }
}
