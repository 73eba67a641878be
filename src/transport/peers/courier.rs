//! Sends errands to other nodes: no redirects, no proxies, no second try, no more than may be read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_http::{
    Method, StatusCode, Uri,
    header::{self, HeaderName, HeaderValue},
};
use actix_rt::time::timeout;
use actix_web::HttpResponse;
use awc::{ClientResponse, Connector, http::Version};
use bytes::Bytes;
use uuid::Uuid;

use super::{
    Peers,
    arrivals::ANSWERED_BY,
    errand::{Errand, digest},
};
use crate::kernel::{ids::NodeId, time::Timestamp};

/// How long a connection is kept for the next errand: shorter than the other side keeps it (75 s), and for as long as a client
/// is likely to ask again.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long a node that is alive takes to accept a connection, at most.
const CONNECT: Duration = Duration::from_secs(2);

/// Bytes of an answer: more than any payload or acknowledgement has, and less than would do harm.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// What of an answer is for the client, beside its status and its body.
const KEPT: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    header::ALLOW,
];

/// The way of one worker to other nodes.
pub struct Courier {
    pub(super) peers: Arc<Peers>,
    http: awc::Client,
}

/// What is asked of another node.
pub(in crate::transport) struct Ask<'a> {
    pub(in crate::transport) to: &'a NodeId,
    pub(in crate::transport) method: Method,
    /// Path and query.
    pub(in crate::transport) target: &'a str,
    pub(in crate::transport) body: Bytes,
    /// Where the client is.
    pub(in crate::transport) client: Option<IpAddr>,
    /// How long the answer may take.
    pub(in crate::transport) patience: Duration,
    pub(in crate::transport) now: Timestamp,
}

/// Why another node gave no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::transport) enum Unpassed {
    /// No node of that name is known, or it wants no errands.
    #[error("no such node is known")]
    Unknown,
    /// As many errands are under way as there may be.
    #[error("too many requests are being passed on")]
    Busy,
    /// The errand did not arrive, or its answer did not.
    #[error("the node cannot be reached: {0}")]
    Unreachable(String),
    /// The node took too long.
    #[error("the node did not answer in time")]
    TimedOut,
    /// Whoever is there does not run our errands.
    #[error(
        "the node refuses: {0}; do all have the same cluster.secret, and are their clocks right?"
    )]
    Refused(StatusCode),
}

impl Unpassed {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Busy => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Refused(_) => "refused",
        }
    }
}

impl Courier {
    /// The calling worker's way. A crypto provider must be installed by then.
    pub fn new(peers: &Arc<Peers>) -> Self {
        let connector = Connector::new()
            .max_http_version(Version::HTTP_11)
            .conn_keep_alive(KEEP_ALIVE)
            .timeout(CONNECT)
            .handshake_timeout(CONNECT)
            // The slots of all workers are the bound; nobody waits in here.
            .limit(peers.most);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            // Each errand has its own time.
            .disable_timeout()
            .finish();
        Self {
            peers: Arc::clone(peers),
            http,
        }
    }

    /// Passes a request on and gives the other node's answer. If it is dropped, the other node sees that too.
    pub(in crate::transport) async fn pass_on(
        &self,
        ask: Ask<'_>,
    ) -> Result<HttpResponse, Unpassed> {
        let to = ask.to.clone();
        let patience = ask.patience;
        let passed = match self.peers.slots.try_acquire() {
            Err(_none) => Err(Unpassed::Busy),
            Ok(_slot) => match timeout(patience, self.send(ask)).await {
                Err(_elapsed) => Err(Unpassed::TimedOut),
                Ok(passed) => passed,
            },
        };
        let outcome = passed.as_ref().err().map_or("answered", Unpassed::as_str);
        self.peers.metrics.forwards.of(outcome).inc();
        match &passed {
            Ok(_) | Err(Unpassed::Unknown) => {}
            Err(unpassed) => log::warn!("request not passed on node={to} cause={unpassed}"),
        }
        passed
    }

    async fn send(&self, ask: Ask<'_>) -> Result<HttpResponse, Unpassed> {
        let peers = &*self.peers;
        let address = peers.nodes.look_up(ask.to).await;
        let address = address.ok_or(Unpassed::Unknown)?;
        let unreachable = |cause: &dyn std::fmt::Display| Unpassed::Unreachable(cause.to_string());
        let url = at(address, ask.target).map_err(|error| unreachable(&error))?;
        let errand = Errand {
            id: Uuid::new_v4(),
            from: peers.node.clone(),
            to: ask.to.clone(),
            at: ask.now,
            client: ask
                .client
                .map_or("-".to_owned(), |address| address.to_string()),
            digest: digest(&ask.body),
        };
        let mut request = self.http.request(ask.method.clone(), url);
        for header in errand.headers(&ask.method, ask.target, &peers.secret) {
            request = request.insert_header(header);
        }
        let sent = request.send_body(ask.body).await;
        let mut response = sent.map_err(|error| unreachable(&error))?;
        let answers = response.headers().get(ANSWERED_BY);
        if answers.is_none_or(|node| node.as_bytes() != ask.to.as_str().as_bytes()) {
            return Err(Unpassed::Refused(response.status()));
        }
        let announced = length(&response);
        let body = response.body().limit(ANSWER_MAX).await;
        let body = body.map_err(|error| unreachable(&error))?;
        // A body that ends too soon is not an error to the client library.
        if announced.is_some_and(|length| length != body.len() as u64) {
            return Err(unreachable(&"the answer is cut short"));
        }
        let mut answer = HttpResponse::build(response.status());
        for name in KEPT {
            if let Some(value) = response.headers().get(&name) {
                answer.insert_header((name, value.clone()));
            }
        }
        Ok(answer.body(body))
    }
}

fn length<S>(response: &ClientResponse<S>) -> Option<u64> {
    let length: &HeaderValue = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// The target on the node with that address.
fn at(address: Uri, target: &str) -> Result<Uri, Box<dyn std::error::Error>> {
    let mut parts = address.into_parts();
    parts.path_and_query = Some(target.parse()?);
    Ok(Uri::from_parts(parts)?)
}
