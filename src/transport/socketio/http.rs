//! Long polling: a GET takes a payload, a POST brings one. The first GET begins a session; what comes for a session of another
//! node is passed on (`passing`).

use std::{rc::Rc, sync::Arc};

use actix_http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    channel::Client,
    fault::{BadRequest, Fault},
    link::Link,
    passing,
    query::{self, Transport},
    registry::{Kind, PollingEndpoint, Posted, Request, Route, Sid, Sids},
    start,
};
use crate::{
    kernel::{config::SocketIoConfig, time::millis},
    protocol::{error_code::ErrorCode, fault},
    session::{env::Env, gate::Gate},
    transport::{
        peers::Courier,
        refusal::{self, Denied, Refusal},
    },
};

/// What requests of one worker need.
pub(super) struct Site {
    pub(super) env: Rc<Env>,
    pub(super) gate: Arc<Gate>,
    pub(super) sids: Arc<Sids>,
    /// The way to other nodes. None: this one deals with no others.
    pub(super) courier: Option<Rc<Courier>>,
}

/// Answers a request of long polling.
pub(super) async fn answer(request: HttpRequest, body: Payload, site: Rc<Site>) -> HttpResponse {
    let answered = match query::read(request.head(), Transport::Polling) {
        Err(bad) => Err(bad.answer(None)),
        Ok(None) => open(&request, &site),
        Ok(Some(sid)) => for_session(&request, &sid, body, &site).await,
    };
    answered.unwrap_or_else(refusal::http)
}

async fn for_session(
    request: &HttpRequest,
    sid: &str,
    body: Payload,
    site: &Site,
) -> Result<HttpResponse, Denied> {
    let env = &site.env;
    let posts = match *request.method() {
        Method::GET => false,
        Method::POST => true,
        _ => return Err(BadRequest::Malformed.answer(Some("GET or POST"))),
    };
    if passing::elsewhere(sid, site).is_some() {
        let read = match posts {
            false => Bytes::new(),
            true => read(body, env.config.socketio.max_payload)
                .await
                .map_err(Unread::answer)?,
        };
        return passing::pass_on(request, sid, read, site).await;
    }
    let endpoint = endpoint(sid, site)?;
    if !posts {
        return poll(&endpoint, env).await;
    }
    let payload = async |endpoint: &PollingEndpoint| {
        let read = read(body, env.config.socketio.max_payload).await;
        let bytes = read.map_err(|unread| {
            if let Unread::TooLarge(_) = unread {
                // The same as with an overlap.
                let _ = endpoint.send(Request::Fault(Fault::TooLarge));
            }
            unread.answer()
        })?;
        text(endpoint, bytes)
    };
    post(&endpoint, env, payload).await
}

/// The endpoint of a session that polls.
pub(super) fn endpoint(sid: &str, site: &Site) -> Result<Arc<PollingEndpoint>, Denied> {
    match site.sids.find(sid) {
        None => Err(BadRequest::UnknownSid.answer(None)),
        Some(Route::Polling(endpoint)) if !endpoint.is_upgraded() => Ok(endpoint),
        Some(Route::Polling(_) | Route::Socket) => {
            Err(BadRequest::Malformed.answer(Some("this session is on a WebSocket")))
        }
    }
}

/// Begins a session.
fn open(request: &HttpRequest, site: &Site) -> Result<HttpResponse, Denied> {
    let (hello, permit) = query::admit(request.head(), &site.env, &site.gate)?;
    let sid = Sid::new(&site.env.node);
    let (endpoint, requests) = PollingEndpoint::new();
    let link = Link::polling(sid.clone());
    let client = Client {
        env: Rc::clone(&site.env),
        link: Rc::clone(&link),
        hello,
        registration: site
            .sids
            .register(sid.clone(), Route::Polling(Arc::clone(&endpoint))),
        permit,
    };
    let packet = open_packet(&sid, &["websocket"], &site.env.config.socketio);
    link.log().said(packet.as_bytes());
    start(
        Rc::clone(&site.env),
        link,
        client.polling(endpoint, requests),
    );
    Ok(payload(packet))
}

/// The packet that begins a session: its id, to which transports it can be upgraded, and what its client must know.
pub(super) fn open_packet(sid: &Sid, upgrades: &[&str], config: &SocketIoConfig) -> String {
    let open = json!({
        "sid": sid.as_str(),
        "upgrades": upgrades,
        "pingInterval": millis(config.ping_interval),
        "pingTimeout": millis(config.ping_timeout),
        "maxPayload": config.max_payload,
    });
    format!("0{open}")
}

pub(super) async fn poll(
    endpoint: &Arc<PollingEndpoint>,
    env: &Env,
) -> Result<HttpResponse, Denied> {
    env.metrics.polls.of("get").inc();
    let Some(permit) = endpoint.acquire(Kind::Poll) else {
        return Err(overlaps(endpoint));
    };
    let (poll, answered) = oneshot::channel();
    let gone = || BadRequest::UnknownSid.answer(None);
    endpoint
        .send(Request::Poll(poll))
        .map_err(|_request| gone())?;
    let bytes = answered.await.map_err(|_dropped| gone())?;
    // Before the client can see the answer, and poll again.
    drop(permit);
    Ok(payload(bytes))
}

/// Hands over what a POST brings, which is read once it is sure that there is no other POST.
pub(super) async fn post<R>(
    endpoint: &Arc<PollingEndpoint>,
    env: &Env,
    read: R,
) -> Result<HttpResponse, Denied>
where
    R: AsyncFnOnce(&PollingEndpoint) -> Result<ByteString, Denied>,
{
    env.metrics.polls.of("post").inc();
    let Some(permit) = endpoint.acquire(Kind::Post) else {
        return Err(overlaps(endpoint));
    };
    let payload = read(endpoint).await?;
    let (done, answered) = oneshot::channel();
    let gone = || BadRequest::UnknownSid.answer(None);
    let posted = endpoint.send(Request::Post(payload, done));
    posted.map_err(|_request| gone())?;
    let posted = answered.await.map_err(|_dropped| gone())?;
    drop(permit);
    match posted {
        Posted::Taken => Ok(self::payload("ok")),
        Posted::Refused => Err(BadRequest::Malformed.answer(None)),
    }
}

/// A client that has two requests of one kind at once is broken: its packets have no order any more.
fn overlaps(endpoint: &PollingEndpoint) -> Denied {
    // If it does not come through, the session has ended or is told by another one.
    let _ = endpoint.send(Request::Fault(Fault::Overlap));
    BadRequest::Malformed.answer(Some("one request of a kind at a time"))
}

/// A body that was not read.
enum Unread {
    /// It has more bytes than this.
    TooLarge(usize),
    /// It ended, or took too long.
    Broken,
}

impl Unread {
    fn answer(self) -> Denied {
        match self {
            Self::TooLarge(limit) => {
                let message = format!("the payload is larger than {limit} bytes");
                let fault = fault::Fault::new(ErrorCode::MessageTooLarge, message);
                Refusal::from(fault).answer()
            }
            Self::Broken => BadRequest::Malformed.answer(Some("the payload cannot be read")),
        }
    }
}

async fn read(body: Payload, limit: usize) -> Result<Bytes, Unread> {
    let read = body.to_bytes_limited(limit).await;
    let read = read.map_err(|_exceeded| Unread::TooLarge(limit))?;
    read.map_err(|_error| Unread::Broken)
}

/// The text that a payload must be.
pub(super) fn text(endpoint: &PollingEndpoint, bytes: Bytes) -> Result<ByteString, Denied> {
    ByteString::try_from(bytes).map_err(|_broken| {
        let _ = endpoint.send(Request::Fault(Fault::NotUtf8));
        BadRequest::Malformed.answer(Some("the payload must be UTF-8"))
    })
}

fn payload(bytes: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=UTF-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes.into())
}
