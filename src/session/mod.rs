//! Floor 5: one actor per connected client.
//!
//! A session knows who its client is, what it wants to hear, how far it has read its inbox, and whether
//! it is still there. It takes commands to the rooms below and never waits for them: answers come back
//! through the worker's delivery, so that they keep their place among everything else the client is sent.
//!
//! A session does not know what carries it. A transport gives it a [`Sink`]
//! to write to and calls [`Session::receive`], [`Session::heard`], [`Session::disconnected`] with what it reads.
//!
//! Where the transport only goes one way, commands are posted to the session by requests of their own. They are handled like
//! all others, except that the answer goes to the waiting request ([`crate::delivery::reply`]).
//!
//! A session outlives nothing: what must not be lost is in the user's inbox, and a client that comes
//! back, on any transport, says how far it has read.
//!
//! - [`hello`]: what a client said when it came. [`mod@env`]: what all sessions of a worker share.
//! - [`gate`]: who may connect at all, on any transport. `admission`: how many connections a user may have.
//! - `connect`: from the token to `ready`. [`arrivals`]: what the store is asked on the way.
//! - [`drain`]: how far a node is with sending everybody away.
//! - [`TaskContext`]: the actor's context, and the task of both.
//! - `commands`: from a message to the room that answers it. `chat`: the commands of the chat.
//!   `rooms`: those of rooms and games.
//! - `snapshots`: what holds at the start. `chat_refresh`: fresh snapshots of the chat and of friends. `paging`: the durable lane.
//! - `keepalive`: whether the client is still there. `rate_limits`: how much it may ask. `watch`: alarms, signals, the end.

mod actions;
mod admission;
mod answering;
pub mod arrivals;
mod chat;
mod chat_refresh;
mod commands;
mod connect;
mod context;
pub mod drain;
pub mod env;
pub mod gate;
pub mod hello;
mod keepalive;
mod paging;
mod rate_limits;
mod rooms;
mod snapshots;
mod watch;

use std::rc::Rc;

use actix::{Actor, Running};
use actix_rt::time::Instant;

pub use self::context::{TaskContext, Tasked};
use self::{
    chat_refresh::ChatView,
    env::Env,
    hello::Hello,
    keepalive::{Keepalive, Rhythm},
    rate_limits::RateLimits,
};
use crate::{
    calls::Asks,
    delivery::{
        leave::Leave,
        line::{Client, Line, SessionRef, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    kernel::{
        ids::{RoomId, SessionId},
        time::Timestamp,
    },
    protocol::{
        close_code::CloseCode,
        event::Event,
        frame::{Frame, Stamp},
    },
};

/// The context of a session.
pub type SessionContext = TaskContext<Session>;

/// One connected client.
pub struct Session {
    env: Rc<Env>,
    id: SessionId,
    sink: Rc<dyn Sink>,
    stage: Stage,
    keepalive: Keepalive,
    /// When the client last asked for something (`limits.idle_timeout`).
    asked: Instant,
    rate_limits: RateLimits,
    /// How the session ended, once that is known.
    leave: Leave,
    /// The code with which we closed it, if we did.
    closed: Option<CloseCode>,
}

/// How far a session has come.
enum Stage {
    /// The client has yet to say who it is, or is being told that it is refused.
    Unauthenticated(Box<Newcomer>),
    /// The client is known, and what the store knows of it is being read.
    Loading(Box<Client>),
    /// The client is served.
    Live(Live),
    /// Goodbye has been said, and to everybody else the client has gone.
    Closing,
}

/// A client that has not said who it is.
struct Newcomer {
    hello: Hello,
    outbox: Outbox<Queued>,
}

/// A client that is served.
struct Live {
    at: SessionRef,
    line: Rc<Line>,
    /// What it has asked of calls.
    asks: Asks,
    /// When the token runs out.
    expires_at: Timestamp,
    /// Whether the client was told that it does.
    expiry_told: bool,
    /// When to check on the client again.
    check_at: Instant,
    /// Whether the snapshots have been sent: what the client missed comes after them.
    snapshots_sent: bool,
    /// Whether `ready` has been sent.
    ready: bool,
    /// Whether its stream could not be read, and is read again after a pause.
    pauses: bool,
    /// Whether the client's snapshots of the chat and of friends still hold.
    chat_view: ChatView,
    /// The rooms that the token grants. Boxed, because almost no token grants one.
    claims: Option<Box<Claims>>,
}

/// The rooms that a token grants.
#[derive(Debug, Clone)]
struct Claims(Vec<RoomId>);

impl Claims {
    /// `None` for none.
    fn new(rooms: Vec<RoomId>) -> Option<Box<Self>> {
        (!rooms.is_empty()).then(|| Box::new(Self(rooms)))
    }
}

impl Session {
    /// A session for a client that has just come.
    pub fn new(env: Rc<Env>, sink: Rc<dyn Sink>, hello: Hello) -> Self {
        let mut outbox = Outbox::gated();
        outbox.open();
        Self {
            env,
            id: SessionId::new(),
            sink,
            stage: Stage::Unauthenticated(Box::new(Newcomer { hello, outbox })),
            keepalive: Keepalive::begin(Rhythm::WhenQuiet, Instant::now()),
            asked: Instant::now(),
            rate_limits: RateLimits::default(),
            leave: Leave::Broken,
            closed: None,
        }
    }

    /// Pings as Engine.IO does: in each `socketio.ping_interval`, and only a pong is an answer.
    #[must_use]
    pub fn pinging_steadily(mut self) -> Self {
        self.keepalive = Keepalive::begin(Rhythm::Steady, Instant::now());
        self
    }

    /// What it is called.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Writes what the client has coming: called when all that was read has been handled.
    pub fn write(&mut self) {
        match &mut self.stage {
            Stage::Unauthenticated(newcomer) => self.sink.pump(&mut newcomer.outbox),
            Stage::Live(live) => {
                live.line.pump();
                // What it has passed on to others of this worker.
                self.env.lines.write_noted();
            }
            Stage::Loading(_) | Stage::Closing => {}
        }
    }

    /// Says something to this client alone, after what it was told before.
    fn say(&mut self, event: impl Into<Event>) {
        self.say_frame(Frame::new(&event.into()));
    }

    fn say_frame(&mut self, frame: Frame) {
        match &mut self.stage {
            Stage::Unauthenticated(newcomer) => {
                let item = Queued {
                    frame,
                    stamp: Stamp::None,
                };
                // A handful of answers, then the connection is served or closed: nothing to bound.
                let _ = newcomer.outbox.push(item, &self.env.outbox);
            }
            Stage::Live(live) => drop(live.line.push_always(frame)),
            Stage::Loading(_) | Stage::Closing => {}
        }
    }
}

impl Actor for Session {
    type Context = SessionContext;

    fn started(&mut self, ctx: &mut SessionContext) {
        self.authenticate(ctx);
    }

    fn stopping(&mut self, _: &mut SessionContext) -> Running {
        self.clean_up();
        Running::Stop
    }
}

impl Drop for Session {
    /// A session that panics is not stopped but dropped. It ends its own connection and no other, and its user must not
    /// stay behind as one who is there forever.
    fn drop(&mut self) {
        if std::thread::panicking() {
            log::error!("session panicked session={}", self.id);
            self.clean_up();
        }
    }
}
