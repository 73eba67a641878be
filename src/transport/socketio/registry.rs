//! Which sessions there are, by the id that Engine.IO gave them, and the way to those that poll: shared by all workers, as the
//! requests of one client come to any of them.
//!
//! The id says on which node the session is, `<node>.<random>`, so that requests can be routed by it. Whoever knows it can act as
//! the client, so it is as hard to guess as a token, and logs show its beginning only.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use bytestring::ByteString;
use dashmap::DashMap;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::fault::Fault;
use crate::{
    kernel::ids::NodeId,
    transport::{frames::AnyWire, upgrade::Taken},
};

/// Requests that wait for one session: a poll, a post, a WebSocket, and what a broken client sends beside them.
const WAITING_MAX: usize = 8;

/// How much of an id's random part logs show.
const SHOWN: usize = 8;

/// What Engine.IO calls a session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Sid(Arc<str>);

impl Sid {
    pub(super) fn new(node: &NodeId) -> Self {
        Self(format!("{node}.{}", Uuid::new_v4().simple()).into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The node that made an id, if it looks like one of ours.
    pub(super) fn node_in(sid: &str) -> Option<NodeId> {
        let (node, random) = sid.rsplit_once('.')?;
        let random: Uuid = random.parse().ok()?;
        let node: NodeId = node.parse().ok()?;
        // What is passed on is written as we write it, so it can hold nothing else.
        let made = Self(format!("{node}.{}", random.simple()).into());
        (made.as_str() == sid && node.as_str().bytes().all(is_plain)).then_some(node)
    }
}

/// Whether a character may be in the name of a node (`cluster.node`).
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl std::borrow::Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// For logs: enough to tell sessions apart, too little to speak for one.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let random = self.0.rfind('.').map_or(0, |dot| dot + 1);
        let end = self.0.len().min(random + SHOWN);
        f.write_str(self.0.get(..end).unwrap_or_default())
    }
}

/// The sessions of all workers.
#[derive(Default)]
pub struct Sids(DashMap<Sid, Route>);

/// How a session is reached by requests of its client.
#[derive(Clone)]
pub(super) enum Route {
    /// It began on a WebSocket and knows no other requests.
    Socket,
    /// It began by polling.
    Polling(Arc<PollingEndpoint>),
}

impl Sids {
    /// Makes a session known until the registration is dropped.
    pub(super) fn register(self: &Arc<Self>, sid: Sid, route: Route) -> Registration {
        self.0.insert(sid.clone(), route);
        Registration {
            sids: Arc::clone(self),
            sid,
        }
    }

    pub(super) fn find(&self, sid: &str) -> Option<Route> {
        self.0.get(sid).map(|route| route.clone())
    }
}

/// Keeps a session known.
pub(super) struct Registration {
    sids: Arc<Sids>,
    sid: Sid,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.sids.0.remove(&self.sid);
    }
}

/// A request of a client for its session.
pub(super) enum Request {
    /// Wants a payload.
    Poll(oneshot::Sender<Bytes>),
    /// Brings a payload.
    Post(ByteString, oneshot::Sender<Posted>),
    /// Brings a WebSocket that is to take over.
    Socket(Box<Taken<AnyWire>>, RequestPermit),
    /// Broke the protocol.
    Fault(Fault),
}

/// What became of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    /// Its packets were handled.
    Taken,
    /// It was not understood.
    Refused,
}

/// The way to a session that began by polling. A client has one request of each kind at a time.
pub(super) struct PollingEndpoint {
    requests: mpsc::Sender<Request>,
    polling: AtomicBool,
    posting: AtomicBool,
    /// Whether a WebSocket wants to take over, or has.
    socket: AtomicBool,
    upgraded: AtomicBool,
}

/// The kinds of requests of which there may be one at a time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Poll,
    Post,
    Socket,
}

impl PollingEndpoint {
    pub(super) fn new() -> (Arc<Self>, mpsc::Receiver<Request>) {
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let endpoint = Arc::new(Self {
            requests,
            polling: AtomicBool::new(false),
            posting: AtomicBool::new(false),
            socket: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
        });
        (endpoint, waiting)
    }

    /// The permit of a request, for as long as it is held; `None` if another one of its kind has it.
    pub(super) fn acquire(self: &Arc<Self>, kind: Kind) -> Option<RequestPermit> {
        let taken = self.of(kind).swap(true, Ordering::AcqRel);
        (!taken).then(|| RequestPermit {
            endpoint: Arc::clone(self),
            kind,
        })
    }

    /// Hands a request over. It comes back if the session has ended, or has more than a client has reason to send.
    pub(super) fn send(&self, request: Request) -> Result<(), Request> {
        self.requests
            .try_send(request)
            .map_err(mpsc::error::TrySendError::into_inner)
    }

    /// Whether a WebSocket has taken over: no requests are due any more.
    pub(super) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Acquire)
    }

    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Ordering::Release);
    }

    fn of(&self, kind: Kind) -> &AtomicBool {
        match kind {
            Kind::Poll => &self.polling,
            Kind::Post => &self.posting,
            Kind::Socket => &self.socket,
        }
    }
}

/// The permit of one request: while it is held, another one of its kind is refused.
pub(super) struct RequestPermit {
    endpoint: Arc<PollingEndpoint>,
    kind: Kind,
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.endpoint.of(self.kind).store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_by_its_node_and_its_secret_until_it_ends_and_logs_keep_the_secret() {
        let sids = Arc::new(Sids::default());
        let sid = Sid::new(&"node-1.example".parse().unwrap());
        let shown = sid.to_string();
        assert!(sid.as_str().starts_with("node-1.example."));
        assert_eq!(shown.len(), "node-1.example.".len() + SHOWN);
        let registration = sids.register(sid.clone(), Route::Socket);
        assert!(sids.find(sid.as_str()).is_some());
        assert!(sids.find(&shown).is_none());
        drop(registration);
        assert!(sids.find(sid.as_str()).is_none());
    }

    #[test]
    fn an_id_names_its_node_and_nothing_else_does() {
        let sid = Sid::new(&"node-1".parse().unwrap());
        let random = sid.as_str().trim_start_matches("node-1.");
        let node = Sid::node_in(sid.as_str());
        assert_eq!(node.as_ref().map(NodeId::as_str), Some("node-1"));
        for other in [
            String::new(),
            random.to_owned(),
            format!(".{random}"),
            format!("a&b.{random}"),
            format!("a b.{random}"),
            format!("node-1.{}", random.to_uppercase()),
            format!("node-1.{random}&x=1"),
            format!("node-1.{}", &random[1..]),
            "node-1.67e55044-10b1-426f-9247-bb680e5fe0c8".to_owned(),
        ] {
            assert_eq!(Sid::node_in(&other), None, "{other}");
        }
    }

    #[test]
    fn there_is_one_request_of_each_kind_at_a_time() {
        let (endpoint, _waiting) = PollingEndpoint::new();
        let first = endpoint.acquire(Kind::Poll);
        assert!(first.is_some() && endpoint.acquire(Kind::Poll).is_none());
        assert!(endpoint.acquire(Kind::Post).is_some());
        drop(first);
        assert!(endpoint.acquire(Kind::Poll).is_some());
    }

    #[test]
    fn more_than_a_client_has_reason_to_send_comes_back() {
        let (endpoint, waiting) = PollingEndpoint::new();
        for _ in 0..WAITING_MAX {
            assert!(endpoint.send(Request::Fault(Fault::Overlap)).is_ok());
        }
        assert!(endpoint.send(Request::Fault(Fault::Overlap)).is_err());
        drop(waiting);
        assert!(endpoint.send(Request::Fault(Fault::Overlap)).is_err());
    }
}
