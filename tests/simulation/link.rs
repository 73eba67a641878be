//! A connection between a client and a session, as a network would have it: everything takes a while and keeps its order,
//! and it ends well, badly, or without anybody noticing.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
    time::Duration,
};

use actix::StreamHandler;
use futures_core::Stream;
use otomo::{
    delivery::leave::Leave,
    session::{
        Session, SessionContext,
        env::Env,
        gate::Permit,
        hello::{Credentials, Hello},
    },
};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, spawn_local},
    time::{Instant, sleep_until},
};

use crate::{
    node::Node,
    sky::Sky,
    support::Dice,
    wire::{Reader, Wire},
};

/// What a client sends.
#[derive(Debug)]
pub enum Up {
    Command(Value),
    Pong,
    /// It says goodbye.
    Close(Leave),
    /// Nothing: there is room again on the way to it.
    Room,
}

/// What a client hears.
#[derive(Debug)]
pub enum Down {
    Event(Value),
    Ping,
    /// The server says goodbye.
    Closed(u16),
    /// The connection is reset.
    Cut,
}

/// Something that a client hears, and on which of all connections.
pub type Heard = (u64, Down);

/// The client's end. Dropped, the connection breaks.
pub struct Link {
    up: mpsc::UnboundedSender<(Instant, Up)>,
    /// What the session's own end tells it.
    at_session: mpsc::UnboundedSender<Up>,
    lag: Rc<Lag>,
    reader: Rc<Reader>,
    tasks: [AbortHandle; 2],
}

/// How long things take on a connection, and whether they arrive at all.
pub struct Lag {
    sky: Sky,
    dice: Cell<Option<Dice>>,
    /// Neither end hears the other any more, and neither knows.
    dead: Cell<bool>,
}

impl Lag {
    pub fn arrival(&self) -> Instant {
        let mut dice = self.dice.take().expect("one draws at a time");
        let late = self.sky.link_delay(&mut dice);
        self.dice.set(Some(dice));
        Instant::now() + Duration::from_millis(late)
    }
}

impl Link {
    /// Connects to a node that is up and lets it in. What comes on it is `heard`, under its number.
    pub fn connect(
        node: &Node,
        hello: Hello,
        number: u64,
        heard: &mpsc::UnboundedSender<Heard>,
        (sky, dice): (&Sky, Dice),
    ) -> Option<Self> {
        let env = node.env()?;
        let permit = admit(node, &env, &hello)?;
        let lag = Rc::new(Lag {
            sky: sky.clone(),
            dice: Cell::new(Some(dice)),
            dead: Cell::new(false),
        });
        let reader = Rc::<Reader>::default();
        let (up, uplink) = mpsc::unbounded_channel();
        let (at_session, from_client) = mpsc::unbounded_channel();
        let (down, downlink) = mpsc::unbounded_channel();
        let (heard, to_session) = (heard.clone(), at_session.clone());
        let hear = move |down| heard.send((number, down)).is_ok();
        let says = move |up| to_session.send(up).is_ok();
        let always = Rc::<Reader>::default();
        let tasks = [
            spawn_local(carry(Rc::clone(&lag), always, uplink, says)),
            spawn_local(carry(Rc::clone(&lag), Rc::clone(&reader), downlink, hear)),
        ];
        let wire = Wire::new(down, &lag, &reader, env.outbox.hard);
        let uplink = Uplink(from_client, permit);
        node.spawn(async move { begin(env, wire, hello, uplink) });
        let tasks = tasks.map(|it| it.abort_handle());
        Some(Self {
            up,
            at_session,
            lag,
            reader,
            tasks,
        })
    }

    pub fn say(&self, up: Up) {
        // Whoever has gone hears nothing.
        let _ = self.up.send((self.lag.arrival(), up));
    }

    /// From now on the client reads nothing, until it reads on.
    pub fn stop_reading(&self) {
        self.reader.stop();
    }

    pub fn read_on(&self) {
        if self.reader.has_stopped() {
            self.reader.go_on();
            // Whoever has gone hears nothing.
            let _ = self.at_session.send(Up::Room);
        }
    }

    /// From now on nothing arrives at either end, and nobody is told.
    pub fn go_silent(&self) {
        self.lag.dead.set(true);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // What has gone silent stays so for the session, which has to find out.
        if !self.lag.dead.get() {
            self.tasks.iter().for_each(AbortHandle::abort);
        }
    }
}

/// Carries what is sent to the other end, in order, as that reads. One that has gone silent carries nothing, for ever.
async fn carry<T>(
    lag: Rc<Lag>,
    reader: Rc<Reader>,
    mut sent: mpsc::UnboundedReceiver<(Instant, T)>,
    arrives: impl Fn(T) -> bool,
) {
    while let Some((due, item)) = sent.recv().await {
        sleep_until(due).await;
        reader.reads().await;
        if lag.dead.get() {
            break;
        }
        if !arrives(item) {
            return;
        }
    }
    if lag.dead.get() {
        std::future::pending::<()>().await;
    }
}

/// As at a handshake: a node that drains lets in those alone who are in a call.
fn admit(node: &Node, env: &Env, hello: &Hello) -> Option<Permit> {
    let in_call = match &hello.credentials {
        Credentials::Known(identity) => env.calls.is_live(&identity.user),
        Credentials::Awaited | Credentials::Refused(..) => false,
    };
    node.house()?.shared().gate.admit(None, in_call).ok()
}

fn begin(env: Rc<Env>, wire: Wire, hello: Hello, uplink: Uplink) {
    let session = Session::new(env, Rc::new(wire), hello);
    SessionContext::default().run(session, uplink);
}

/// What a session reads. It counts as connected for as long as it does.
struct Uplink(
    mpsc::UnboundedReceiver<Up>,
    #[expect(dead_code, reason = "it ends when it is dropped")] Permit,
);

impl Stream for Uplink {
    type Item = Up;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Up>> {
        self.0.poll_recv(task)
    }
}

impl StreamHandler<Up> for Session {
    fn handle(&mut self, up: Up, ctx: &mut SessionContext) {
        match up {
            Up::Command(command) => {
                self.receive(command.to_string().as_bytes(), ctx);
                self.write();
            }
            Up::Pong => self.heard(),
            Up::Close(leave) => self.disconnected(leave, ctx),
            Up::Room => self.write(),
        }
    }

    fn finished(&mut self, ctx: &mut SessionContext) {
        self.disconnected(Leave::Broken, ctx);
    }
}
