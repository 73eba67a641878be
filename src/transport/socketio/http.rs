//! Long polling: a GET takes a payload, a POST brings one. The first GET begins a session.

use std::{rc::Rc, sync::Arc};

use actix_http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use bytestring::ByteString;
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    channel::Client,
    fault::{BadRequest, Fault},
    link::Link,
    query::{self, Transport},
    registry::{Kind, PollingEndpoint, Posted, Request, Route, Sid, Sids},
    start,
};
use crate::{
    kernel::config::SocketIoConfig,
    protocol::{error_code::ErrorCode, fault},
    session::{env::Env, gate::Gate},
    transport::refusal::{self, Denied, Refusal},
};

/// What requests of one worker need.
pub(super) struct Site {
    pub(super) env: Rc<Env>,
    pub(super) gate: Arc<Gate>,
    pub(super) sids: Arc<Sids>,
}

/// Answers a request of long polling.
pub(super) async fn answer(request: HttpRequest, body: Payload, site: Rc<Site>) -> HttpResponse {
    let answered = match query::read(request.head(), Transport::Polling) {
        Err(bad) => Err(bad.answer(None)),
        Ok(None) => open(&request, &site),
        Ok(Some(sid)) => match (endpoint(&sid, &site), request.method()) {
            (Err(denied), _) => Err(denied),
            (Ok(endpoint), &Method::GET) => poll(&endpoint, &site.env).await,
            (Ok(endpoint), &Method::POST) => post(&endpoint, body, &site.env).await,
            (Ok(_), _) => Err(BadRequest::Malformed.answer(Some("GET or POST"))),
        },
    };
    answered.unwrap_or_else(refusal::http)
}

/// The endpoint of a session that polls.
fn endpoint(sid: &str, site: &Site) -> Result<Arc<PollingEndpoint>, Denied> {
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
    let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let open = json!({
        "sid": sid.as_str(),
        "upgrades": upgrades,
        "pingInterval": millis(config.ping_interval),
        "pingTimeout": millis(config.ping_timeout),
        "maxPayload": config.max_payload,
    });
    format!("0{open}")
}

async fn poll(endpoint: &Arc<PollingEndpoint>, env: &Env) -> Result<HttpResponse, Denied> {
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

async fn post(
    endpoint: &Arc<PollingEndpoint>,
    body: Payload,
    env: &Env,
) -> Result<HttpResponse, Denied> {
    env.metrics.polls.of("post").inc();
    let Some(permit) = endpoint.acquire(Kind::Post) else {
        return Err(overlaps(endpoint));
    };
    let payload = read(endpoint, body, env.config.socketio.max_payload).await?;
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

async fn read(
    endpoint: &PollingEndpoint,
    body: Payload,
    limit: usize,
) -> Result<ByteString, Denied> {
    let Ok(read) = body.to_bytes_limited(limit).await else {
        // The same as with an overlap.
        let _ = endpoint.send(Request::Fault(Fault::TooLarge));
        let message = format!("the payload is larger than {limit} bytes");
        let fault = fault::Fault::new(ErrorCode::MessageTooLarge, message);
        return Err(Refusal::from(fault).answer());
    };
    let malformed = |context| BadRequest::Malformed.answer(Some(context));
    let bytes = read.map_err(|_error| malformed("the payload cannot be read"))?;
    ByteString::try_from(bytes).map_err(|_broken| {
        let _ = endpoint.send(Request::Fault(Fault::NotUtf8));
        malformed("the payload must be UTF-8")
    })
}

fn payload(bytes: impl Into<bytes::Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=UTF-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes.into())
}
