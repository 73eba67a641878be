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
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use otomo::{
    delivery::{
        leave::Leave,
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, frame::WireFormat},
    session::{Session, SessionContext, env::Env, hello::Hello},
};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, spawn_local},
    time::{Instant, sleep_until},
};

use crate::{node::Node, sky::Sky, support::Dice};

/// What a client sends.
#[derive(Debug)]
pub enum Up {
    Command(Value),
    Pong,
    /// It says goodbye.
    Close(Leave),
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
    lag: Rc<Lag>,
    tasks: [AbortHandle; 2],
}

/// How long things take on a connection, and whether they arrive at all.
struct Lag {
    sky: Sky,
    dice: Cell<Option<Dice>>,
    /// Neither end hears the other any more, and neither knows.
    dead: Cell<bool>,
}

impl Lag {
    fn arrival(&self) -> Instant {
        let mut dice = self.dice.take().expect("one draws at a time");
        let late = self.sky.link_delay(&mut dice);
        self.dice.set(Some(dice));
        Instant::now() + Duration::from_millis(late)
    }
}

impl Link {
    /// Connects to a node that is up. What comes on it is `heard`, under its number.
    pub fn connect(
        node: &Node,
        hello: Hello,
        number: u64,
        heard: &mpsc::UnboundedSender<Heard>,
        (sky, dice): (&Sky, Dice),
    ) -> Option<Self> {
        let env = node.env()?;
        let lag = Rc::new(Lag {
            sky: sky.clone(),
            dice: Cell::new(Some(dice)),
            dead: Cell::new(false),
        });
        let (up, uplink) = mpsc::unbounded_channel();
        let (to_session, from_client) = mpsc::unbounded_channel();
        let (down, downlink) = mpsc::unbounded_channel();
        let heard = heard.clone();
        let hear = move |down| heard.send((number, down)).is_ok();
        let tasks = [
            spawn_local(carry(Rc::clone(&lag), uplink, move |it| {
                to_session.send(it).is_ok()
            })),
            spawn_local(carry(Rc::clone(&lag), downlink, hear)),
        ];
        let wire = Wire {
            down,
            lag: Rc::clone(&lag),
        };
        node.spawn(async move { begin(env, wire, hello, Uplink(from_client)) });
        let tasks = tasks.map(|it| it.abort_handle());
        Some(Self { up, lag, tasks })
    }

    pub fn say(&self, up: Up) {
        // Whoever has gone hears nothing.
        let _ = self.up.send((self.lag.arrival(), up));
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

/// Carries what is sent to the other end, in order. One that has gone silent carries nothing, for ever.
async fn carry<T>(
    lag: Rc<Lag>,
    mut sent: mpsc::UnboundedReceiver<(Instant, T)>,
    arrives: impl Fn(T) -> bool,
) {
    while let Some((due, item)) = sent.recv().await {
        sleep_until(due).await;
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

fn begin(env: Rc<Env>, wire: Wire, hello: Hello, uplink: Uplink) {
    let session = Session::new(env, Rc::new(wire), hello);
    SessionContext::default().run(session, uplink);
}

/// What a session reads.
struct Uplink(mpsc::UnboundedReceiver<Up>);

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
        }
    }

    fn finished(&mut self, ctx: &mut SessionContext) {
        self.disconnected(Leave::Broken, ctx);
    }
}

/// What a session writes to.
struct Wire {
    down: mpsc::UnboundedSender<(Instant, Down)>,
    lag: Rc<Lag>,
}

impl Wire {
    fn write(&self, down: Down) {
        // The client may have gone.
        let _ = self.down.send((self.lag.arrival(), down));
    }

    fn write_frames(&self, mut bytes: &[u8]) {
        while let Some((payload, rest)) = split_text_frame(bytes) {
            let event = serde_json::from_slice(payload).expect("frames are JSON");
            self.write(Down::Event(event));
            bytes = rest;
        }
    }
}

impl Sink for Wire {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        let mut bytes = BytesMut::new();
        outbox.pull(usize::MAX, &mut |queued: Queued| {
            queued
                .frame
                .write(queued.stamp, WireFormat::WebSocket, &mut bytes);
        });
        self.write_frames(&bytes);
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        self.write_frames(bytes);
        Accepted::Taken
    }

    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }

    fn ping(&self) {
        self.write(Down::Ping);
    }

    fn stalled(&self) -> Option<Duration> {
        None
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, _: &str) {
        self.pump(outbox);
        self.write(Down::Closed(code.number()));
    }

    fn abort(&self) {
        self.write(Down::Cut);
    }
}

/// The payload of the first text frame (RFC 6455, section 5.2), and what follows it.
fn split_text_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = match bytes {
        [] => return None,
        [0x81, 126, high, low, ..] => (4, u16::from_be_bytes([*high, *low]).into()),
        [0x81, 127, length @ ..] => {
            let length = u64::from_be_bytes(length[..8].try_into().expect("eight bytes"));
            (10, usize::try_from(length).expect("it fits"))
        }
        [0x81, length, ..] => (2, usize::from(*length)),
        _ => panic!("no text frame: {bytes:?}"),
    };
    Some(bytes[header..].split_at(length))
}
