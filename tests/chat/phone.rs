//! One connection: a real session, and what its client has heard.

use std::{
    collections::BTreeSet,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

use actix::StreamHandler;
use futures_util::Stream;
use otomo::{
    delivery::{leave::Leave, line::SessionRef, lines::To},
    kernel::ids::SessionId,
    protocol::{
        event::{Event, HeartbeatAck},
        frame::Frame,
        spec::Topics,
    },
    session::{
        Session, SessionContext,
        env::Env,
        hello::{Credentials, Hello, Options},
    },
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{fixture::identity, recorder::Recorder, waiting::PATIENCE};

/// A durable event as it came.
#[derive(Debug, Clone)]
pub(crate) struct Durable {
    pub(crate) seq: u64,
    pub(crate) prev: u64,
    pub(crate) event: Value,
}

/// Who writes, and where: the conversation's id.
pub(crate) type Typist = (String, String);

/// A connection and what came on it.
pub(crate) struct Phone {
    person: &'static str,
    life: mpsc::UnboundedSender<HangUp>,
    frames: mpsc::UnboundedReceiver<Value>,
    id: Option<SessionId>,
    /// Where its stream of durable events begins: `connected.seq`. `None` before `connected`.
    pub(crate) start: Option<u64>,
    /// Up to where the stream was told before `ready`. `None` before `ready`.
    pub(crate) ready: Option<u64>,
    /// The durable events, in order.
    pub(crate) durable: Vec<Durable>,
    /// The snapshot of what is unread, at the start.
    pub(crate) unread: Option<Value>,
    /// Who writes, as far as this client knows.
    pub(crate) typing: BTreeSet<Typist>,
    /// People that it has heard of.
    pub(crate) partners: BTreeSet<String>,
    /// Acknowledged heartbeats.
    barriers: usize,
}

/// What a session of one connection is told when its client goes.
struct HangUp;

/// All that its client has to say.
struct Life(mpsc::UnboundedReceiver<HangUp>);

impl Stream for Life {
    type Item = HangUp;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<HangUp>> {
        self.0.poll_recv(task)
    }
}

impl StreamHandler<HangUp> for Session {
    fn handle(&mut self, _: HangUp, ctx: &mut SessionContext) {
        self.disconnected(Leave::Clean, ctx);
    }
}

impl Phone {
    /// Connects. The client gets what came after `last_seq`, if it says one.
    pub(crate) fn connect(
        env: &Rc<Env>,
        person: &'static str,
        topics: Topics,
        last_seq: Option<u64>,
    ) -> Self {
        let (recorder, frames) = Recorder::new();
        let hello = Hello {
            credentials: Credentials::Known(Box::new(identity(person))),
            options: Options {
                last_seq,
                topics,
                ..Options::default()
            },
            address: None,
        };
        let session = Session::new(Rc::clone(env), Rc::new(recorder), hello);
        let (life, heard) = mpsc::unbounded_channel();
        SessionContext::default().run(session, Life(heard));
        Self {
            person,
            life,
            frames,
            id: None,
            start: None,
            ready: None,
            durable: Vec::new(),
            unread: None,
            typing: BTreeSet::new(),
            partners: BTreeSet::new(),
            barriers: 0,
        }
    }

    /// The client goes.
    pub(crate) fn hang_up(&self) {
        // Its session may have ended by itself.
        let _ = self.life.send(HangUp);
    }

    /// Takes what still comes until its session has ended.
    pub(crate) async fn hear_the_end(&mut self) {
        while let Some(frame) = self.next("the session does not end").await {
            self.hear(&frame);
        }
    }

    /// Waits until something has been heard.
    pub(crate) async fn hear_until(&mut self, what: &str, heard: impl Fn(&Self) -> bool) {
        while !heard(self) {
            let frame = self.next(what).await.expect("the session is there");
            self.hear(&frame);
        }
    }

    /// Takes all that delivery has been given for this client by now, and is not on its way from the inbox.
    pub(crate) async fn hear_all(&mut self, env: &Env, at: SessionRef) {
        let ack = HeartbeatAck { timestamp: 0 };
        let entered = env
            .dispatch
            .tell_counted(To::Session(at), Frame::new(&Event::from(ack)));
        assert_eq!(entered.await, 1, "the session is there");
        let before = self.barriers;
        self.hear_until("a frame does not come", |it| it.barriers > before)
            .await;
        while let Ok(frame) = self.frames.try_recv() {
            self.hear(&frame);
        }
    }

    /// Its session, once the client was told.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.id
    }

    /// The last durable event that the client has.
    pub(crate) fn last(&self) -> Option<u64> {
        self.durable.last().map(|it| it.seq).or(self.start)
    }

    async fn next(&mut self, what: &str) -> Option<Value> {
        let next = actix_rt::time::timeout(PATIENCE, self.frames.recv()).await;
        next.unwrap_or_else(|_| panic!("{}: {what}", self.person))
    }

    fn hear(&mut self, frame: &Value) {
        let text = |name: &str| frame[name].as_str().unwrap().to_owned();
        if let Some(seq) = frame["seq"].as_u64().filter(|_| !frame["prev"].is_null()) {
            assert!(self.unread.is_some(), "before the snapshots: {frame}");
            let after_ready = self.ready.is_some_and(|ready| seq > ready);
            assert_eq!(after_ready, self.ready.is_some(), "late: {frame}");
            let prev = frame["prev"].as_u64().unwrap();
            let event = frame.clone();
            return self.durable.push(Durable { seq, prev, event });
        }
        let kind = text("type");
        assert_eq!(kind == "connected", self.start.is_none(), "{frame}");
        match kind.as_str() {
            "connected" => {
                self.id = Some(text("sessionId").parse().unwrap());
                self.start = frame["seq"].as_u64();
            }
            "unread_snapshot" => drop(self.unread.get_or_insert(frame.clone())),
            "friend_status_snapshot" => {
                let statuses = frame["statuses"].as_object().unwrap();
                self.partners.extend(statuses.keys().cloned());
            }
            "ready" => self.ready = frame["seq"].as_u64(),
            "typing-start" => {
                let typist = (text("userId"), text("conversationId"));
                assert!(self.typing.insert(typist), "told twice: {frame}");
            }
            "typing-stop" => {
                let typist = (text("userId"), text("conversationId"));
                // Whoever comes while somebody writes hears the end alone.
                self.typing.remove(&typist);
            }
            "user-online" | "user-offline" => drop(self.partners.insert(text("userId"))),
            "heartbeat_ack" => self.barriers += 1,
            "otomo_status_snapshot" | "call_snapshot" => {}
            other => panic!("{}: nobody asked for {other}: {frame}", self.person),
        }
    }
}
