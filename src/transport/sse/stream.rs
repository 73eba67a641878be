//! From the request to the stream.
//!
//! A refused client gets a plain HTTP answer: the response begins only when the session has something to send, and a session
//! that closes before that answers with a status.

use std::{future::poll_fn, rc::Rc, time::Duration};

use actix_http::{
    RequestHead, Version,
    header::{self, HeaderName},
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Site,
    body::Body,
    handoff::{Handoff, ProgressStream},
};
use crate::{
    contract::{
        gives::{Gives, Operation, Raw, Schemas},
        takes::RawQuery,
    },
    kernel::ids::SessionId,
    protocol::{
        close_code::CloseCode,
        error_code::ErrorCode,
        event_stream,
        fault::Fault,
        frame::WireFormat,
        spec::{Topic, Topics},
    },
    session::{
        Session, SessionContext,
        env::Env,
        gate::Gate,
        hello::{Credentials, Hello},
    },
    transport::{
        connection::SocketHandle,
        credentials::{self, HandshakeQuery},
        refusal::Refusal,
    },
};

/// The header in which a returning `EventSource` says the last `id` it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells a proxy (nginx) not to buffer the stream.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How long a client waits before it reconnects, in milliseconds: spread, so that clients that were cut off together do not
/// return together.
const RETRY_MS: std::ops::Range<u64> = 500..1_500;

/// How a path serves events, where the query says nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flavour {
    format: WireFormat,
    topics: Topics,
}

impl Flavour {
    /// `/sse`.
    pub(super) const ALL: Self = Self {
        format: WireFormat::NamedEvent,
        topics: Topics::ALL,
    };
    /// `/api/chat/sse`: source document 002 listens with `onmessage`, which hears what has no name.
    pub(super) const CHAT: Self = Self {
        format: WireFormat::UnnamedEvent,
        topics: Topics::NONE.with(Topic::Chat),
    };
}

/// The part of the query that is about streams alone.
#[derive(Deserialize, JsonSchema)]
pub(super) struct StreamQuery {
    /// Whether events have names (`addEventListener`) or not (`onmessage`).
    events: Option<EventNames>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum EventNames {
    Named,
    Unnamed,
}

/// The whole query.
pub(super) type Asked = (RawQuery<StreamQuery>, RawQuery<HandshakeQuery>);

/// An event stream.
pub(super) struct Stream;

impl Gives for Stream {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        let text = schemas.outgoing::<String>();
        let what = "Events until one of the two hangs up. `data:` is the whole message as sockets get it, with its `type`; `id:` \
                    is the `seq` of durable events.";
        operation.answer(200, what, "text/event-stream", text);
    }
}

/// `GET /sse`
pub(super) async fn all(request: HttpRequest, site: Site, asked: Asked) -> Raw<Stream> {
    open(&request, &asked, Flavour::ALL, site).await.into()
}

/// `GET /api/chat/sse`
pub(super) async fn chat(request: HttpRequest, site: Site, asked: Asked) -> Raw<Stream> {
    open(&request, &asked, Flavour::CHAT, site).await.into()
}

/// Answers a request for a stream: with it, or with why there is none.
async fn open(request: &HttpRequest, asked: &Asked, flavour: Flavour, site: Site) -> HttpResponse {
    match begin(request, asked, flavour, site.env, &site.gate).await {
        Ok(body) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/event-stream"))
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .insert_header((X_ACCEL_BUFFERING, "no"))
            .body(body),
        Err(refusal) => refusal.into(),
    }
}

async fn begin(
    request: &HttpRequest,
    (stream, handshake): &Asked,
    flavour: Flavour,
    env: Rc<Env>,
    gate: &Gate,
) -> Result<Body, Refusal> {
    let head = request.head();
    let format = format(stream, flavour)?;
    let hello = hello(head, handshake, &env, flavour)?;
    let in_call = match &hello.credentials {
        Credentials::Known(identity) => env.calls.is_live(&identity.user),
        Credentials::Awaited => {
            let message = "say who you are: Authorization: Bearer, or ?token=";
            return Err(Fault::new(ErrorCode::Unauthorized, message).into());
        }
        Credentials::Refused(code, reason) => return Err(Refusal::closed(*code, reason)),
    };
    let permit = gate.admit(hello.address, in_call)?;
    let permit = permit.counted_in(env.metrics.connections.of("sse"));
    // On HTTP/2 the connection is shared with other streams.
    let connection = request.conn_data::<SocketHandle>().cloned();
    let connection = connection.filter(|_| request.version() < Version::HTTP_2);
    if let Some(connection) = &connection {
        connection.give_up_after(env.config.outbox.write_timeout);
    }
    let share = f64::from(SessionId::new().short()) / f64::from(u32::MAX);
    let first = Bytes::from(event_stream::retry(retry(share)));
    let handoff = Handoff::new(format, first, connection);
    // From here on, whatever drops the body ends the session.
    let body = Body::new(Rc::clone(&handoff), permit);
    start(env, Rc::clone(&handoff), hello, share);
    let opened = poll_fn(|task| handoff.poll_opened(task)).await;
    opened.map_err(|(code, reason)| Refusal::closed(code, &reason))?;
    Ok(body)
}

fn retry(share: f64) -> u64 {
    let span = Duration::from_millis(RETRY_MS.end - RETRY_MS.start).mul_f64(share);
    RETRY_MS.start + u64::try_from(span.as_millis()).unwrap_or_default()
}

fn format(query: &RawQuery<StreamQuery>, flavour: Flavour) -> Result<WireFormat, Refusal> {
    let bad = |_| Fault::new(ErrorCode::BadRequest, "events must be named or unnamed");
    Ok(match query.read().map_err(bad)?.events {
        None => flavour.format,
        Some(EventNames::Named) => WireFormat::NamedEvent,
        Some(EventNames::Unnamed) => WireFormat::UnnamedEvent,
    })
}

/// `Last-Event-ID` wins over `lastSeq` in the address, which stays the same over reconnects.
fn hello(
    head: &RequestHead,
    query: &RawQuery<HandshakeQuery>,
    env: &Env,
    flavour: Flavour,
) -> Result<Hello, Refusal> {
    let (now, query) = (env.store.now(), query.read());
    let mut hello =
        credentials::read_with(head, query, &env.config, &env.verifier, now, flavour.topics)?;
    hello.options.last_seq = last_event(head).or(hello.options.last_seq);
    Ok(hello)
}

/// The place that `Last-Event-ID` names; `None` where it names none.
pub(in crate::transport) fn last_event(head: &RequestHead) -> Option<u64> {
    let last = head.headers.get(LAST_EVENT_ID);
    let last = last.filter(|id| !id.is_empty())?;
    let seq = last.to_str().ok().and_then(|id| id.parse().ok());
    // An id that is no number is none of ours. It counts as one beyond every stream, which is answered with `resync`: a
    // refusal would end an EventSource for good.
    Some(seq.unwrap_or(u64::MAX))
}

/// Starts the session in a task of its own. `share` spreads the ages that streams reach.
fn start(env: Rc<Env>, handoff: Rc<Handoff>, hello: Hello, share: f64) {
    let max_age = env.config.sse.max_age;
    let progress = ProgressStream(Rc::clone(&handoff));
    let mut ctx = SessionContext::default();
    if let Some(max_age) = max_age {
        ctx.run_later(max_age.mul_f64(0.5 + share / 2.0), |session, ctx| {
            let reason = "the stream has reached its age limit; connect again";
            Session::close(session, CloseCode::Drain, reason, ctx);
        });
    }
    ctx.run(Session::new(env, handoff, hello), progress);
}
