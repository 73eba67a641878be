//! Alarms, signals, and the end of a session.

use std::{rc::Rc, time::Duration};

use actix::ActorContext;
use actix_rt::time::Instant;

use super::{Live, Session, SessionContext, Stage, Tasked, keepalive::Verdict};
use crate::{
    delivery::{
        farewell::Farewell,
        leave::Leave,
        line::{Line, Signals},
        outbox::Outbox,
        queued::Queued,
    },
    kernel::{identity::Role, time::millis},
    protocol::{
        close_code::CloseCode,
        event::{Closing, TokenExpiring},
        frame::{Frame, Stamp},
    },
};

/// How long a client has to answer our goodbye before the connection is cut.
const LINGER: Duration = Duration::from_secs(2);

impl Tasked for Session {
    /// Does what the line has asked for since the last turn.
    fn take_signals(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let signals = live.line.take_signals();
        if signals == Signals::default() {
            return;
        }
        let line = Rc::clone(&live.line);
        if let Some(farewell) = signals.closing() {
            return self.part(farewell, ctx);
        }
        if signals.too_slow {
            return self.close(CloseCode::SlowConsumer, "the client reads too slowly", ctx);
        }
        if signals.read_inbox {
            self.read_inbox(ctx);
        }
        if signals.alarm {
            self.check(ctx);
        }
        if signals.chat_outdated {
            self.chat_outdated(ctx);
        }
        if signals.posted {
            for posted in line.take_posted() {
                self.receive_posted(posted, ctx);
            }
        }
    }
}

impl Session {
    /// The client gave a sign of life.
    pub fn heard(&mut self) {
        self.keepalive.heard(Instant::now());
    }

    /// A ping came, or a pong that answers none of ours: a sign of life, which costs what a command costs. Nobody can be asked for
    /// fewer of them, so those that are too many count as faults.
    pub fn heard_control(&mut self, ctx: &mut SessionContext) {
        self.heard();
        let limits = self.env.config.limits.now();
        if self.rate_limits.take_command(&limits).is_err() {
            self.count_fault(CloseCode::RateLimited, "too many pings or pongs", ctx);
        }
    }

    /// A pong came. One that a ping of ours asked for costs nothing.
    pub fn ponged(&mut self, ctx: &mut SessionContext) {
        if !self.keepalive.ponged(Instant::now()) {
            self.heard_control(ctx);
        }
    }

    /// Arranges for the first check: spread, so that ten thousand clients that
    /// came together are not pinged together.
    pub(super) fn start_checks(&mut self) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let config = &self.env.config;
        let share = self.share();
        let timeouts = self.keepalive.rhythm().timeouts(config);
        let ping = timeouts.ping_interval.mul_f64(0.5 + share / 2.0);
        let notice = live.expires_at - config.auth.now().expiry_notice;
        let idle = config.limits.now().idle_timeout.unwrap_or(ping);
        let first = ping.min(idle).min(timeouts.write_timeout);
        self.wake_in(first.min(self.env.store.now().until(notice)));
    }

    /// Has the session check its client after this time, and not before.
    pub(super) fn wake_in(&mut self, after: Duration) {
        if let Stage::Live(live) = &mut self.stage {
            live.check_at = Instant::now() + after;
            self.env.lines.alarm(live.at, live.check_at);
        }
    }

    fn check(&mut self, ctx: &mut SessionContext) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        if Instant::now() < live.check_at {
            // An alarm that was set before another one took its place.
            return;
        }
        let timeouts = self.keepalive.rhythm().timeouts(&self.env.config);
        let stalled = self.sink.stalled();
        let again = match self.keepalive.check(Instant::now(), stalled, &timeouts) {
            Verdict::Silent => {
                self.close(CloseCode::NoPong, "a ping went unanswered", ctx);
                return;
            }
            Verdict::Stalled => {
                let reason = "the client took nothing for too long";
                return self.close(CloseCode::SlowConsumer, reason, ctx);
            }
            Verdict::Ping(again) => {
                self.sink.ping();
                again
            }
            Verdict::Alive(again) => again,
        };
        let idle = self.env.config.limits.now().idle_timeout;
        let left = idle.map_or(again, |idle| idle.saturating_sub(self.asked.elapsed()));
        if left.is_zero() {
            return self.close(CloseCode::Normal, "nothing was asked for too long", ctx);
        }
        if let Some(token) = self.check_token(ctx) {
            self.wake_in(again.min(left).min(token));
        }
    }

    /// Tells of the token's end, and closes some time after it. Returns when to check again; `None` if
    /// the session is over.
    fn check_token(&mut self, ctx: &mut SessionContext) -> Option<Duration> {
        let Stage::Live(live) = &mut self.stage else {
            return None;
        };
        let auth = &self.env.config.auth.now();
        let (now, expires_at) = (self.env.store.now(), live.expires_at);
        let end = expires_at + auth.expiry_grace;
        if now >= end {
            self.close(CloseCode::TokenExpired, "the token has expired", ctx);
            return None;
        }
        let notice = expires_at - auth.expiry_notice;
        if now < notice {
            return Some(now.until(notice));
        }
        if !std::mem::replace(&mut live.expiry_told, true) && !auth.expiry_notice.is_zero() {
            self.say(TokenExpiring {
                expires_at: expires_at.unix_seconds(),
            });
            self.write();
        }
        Some(now.until(end))
    }

    /// Closes the connection from our side: `closing`, the transport's own goodbye, and after a while
    /// the end.
    pub fn close(&mut self, code: CloseCode, reason: &'static str, ctx: &mut SessionContext) {
        self.part(Farewell::new(code, reason), ctx);
    }

    fn part(&mut self, farewell: Farewell, ctx: &mut SessionContext) {
        if self.closed.is_some() {
            return;
        }
        let Farewell { code, reason, .. } = farewell;
        let wait = farewell.wait(self.share());
        self.closed = Some(code);
        log::info!(
            "session closes session={} code={} reason={reason:?} wait_ms={}",
            self.id,
            code.number(),
            wait.as_millis()
        );
        self.leave = match code {
            CloseCode::NoPong | CloseCode::SlowConsumer => Leave::Broken,
            CloseCode::Normal | CloseCode::Disabled | CloseCode::Replaced => Leave::Clean,
            _ => Leave::ServerClosed(wait),
        };
        let closing = Frame::new(&closing(&farewell, wait).into());
        match &mut self.stage {
            Stage::Live(live) => live.line.finish(closing, code, reason),
            Stage::Unauthenticated(newcomer) => {
                let mut outbox = std::mem::replace(&mut newcomer.outbox, Outbox::gated());
                self.finish_unserved(&mut outbox, closing, code, reason);
            }
            Stage::Loading(_) => {
                self.finish_unserved(&mut Outbox::gated(), closing, code, reason);
            }
            Stage::Closing => {}
        }
        // For everybody else this is the end: only the socket waits for the client's goodbye.
        self.depart();
        ctx.run_later(LINGER, |session, ctx| {
            session.sink.abort();
            ctx.stop();
        });
    }

    /// Which of many it is, even over 0 to 1: for what must not come of all at once.
    fn share(&self) -> f64 {
        f64::from(self.id.short()) / f64::from(u32::MAX)
    }

    fn finish_unserved(
        &self,
        outbox: &mut Outbox<Queued>,
        closing: Frame,
        code: CloseCode,
        reason: &str,
    ) {
        outbox.open();
        let item = Queued {
            frame: closing,
            stamp: Stamp::None,
        };
        let _ = outbox.push(item, &self.env.outbox);
        self.sink.finish(outbox, code, reason);
    }

    /// The transport's connection has ended.
    pub fn disconnected(&mut self, leave: Leave, ctx: &mut SessionContext) {
        // What we began is not the client's doing.
        if self.closed.is_none() {
            self.leave = leave;
        }
        ctx.stop();
    }

    /// Ends what is left of the session.
    pub(super) fn clean_up(&mut self) {
        self.sink.abort();
        let by = self.closed.map_or("client", CloseCode::as_str);
        self.env.metrics.closes.of(by).inc();
        self.depart();
    }

    /// Leaves no trace: the table, the roster, the rooms that care about people's coming and going. Once, as soon as it is
    /// known that and how the session ends.
    fn depart(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Closing) {
            Stage::Live(Live { at, line, .. }) => {
                self.env.lines.remove(at);
                let client = line.client();
                let roster = self.env.lines.roster();
                let remaining = roster.leave(client);
                self.env.calls.left(client, self.leave, remaining);
                self.env.chat.left(client);
                self.env.friends.left(client, remaining);
                roster.left(client, self.leave);
                if client.role == Role::Otomo {
                    self.env.presence.leave(client, self.leave);
                }
                self.log_end(Rc::as_ref(&line));
            }
            // It may have got its lease by now, or get it later: its end is queued behind that.
            Stage::Loading(client) if client.role == Role::Otomo => {
                self.env.presence.leave(&client, self.leave);
            }
            Stage::Unauthenticated(_) | Stage::Loading(_) | Stage::Closing => {}
        }
    }

    fn log_end(&self, line: &Line) {
        let user = &line.client().user;
        log::info!(
            "session ended session={} user={user} leave={}",
            self.id,
            self.leave.as_str()
        );
    }
}

fn closing(farewell: &Farewell, wait: Duration) -> Closing {
    Closing {
        code: farewell.code.number(),
        reason: farewell.reason.to_owned(),
        reconnect: farewell.code.reconnect(),
        retry_after_ms: millis(wait),
    }
}
