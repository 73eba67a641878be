//! Polls and posts whose session is on another node: passed on to it, and answered here when they come from there.
//!
//! A client whose node cannot be reached hears what it would if its session had ended, `Session ID unknown`, and starts anew,
//! wherever its next request goes. A WebSocket that wants to take over must come to the session's own node; elsewhere it is
//! refused, and the client stays with long polling.

use std::{rc::Rc, time::Duration};

use actix_http::Method;
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use bytes::Bytes;

use super::{
    fault::BadRequest,
    http::{self, Site},
    query,
    registry::Sid,
};
use crate::{
    kernel::ids::NodeId,
    protocol::{error_code::ErrorCode, fault::Fault},
    transport::{
        peers::{Ask, Courier, SOCKET_IO, Unpassed},
        refusal::{self, Denied, Refusal},
    },
};

/// How much longer than at its own node a request may take on the way.
const MARGIN: Duration = Duration::from_secs(5);

/// When to come again if too many requests are under way.
const BUSY: Duration = Duration::from_secs(1);

/// Passes a request on to the node of its session. `body` is what a POST brings, read and checked.
pub(super) async fn pass_on(
    request: &HttpRequest,
    sid: &str,
    body: Bytes,
    site: &Site,
) -> Result<HttpResponse, Denied> {
    let unknown = || BadRequest::UnknownSid.answer(None);
    let courier = site.courier.as_deref().ok_or_else(unknown)?;
    let to = elsewhere(sid, site).ok_or_else(unknown)?;
    let config = &site.env.config;
    let own_time = match *request.method() {
        // A session without anything to say pings, which answers its poll. After this time the client itself gives up.
        Method::GET => config.socketio.ping_interval + config.socketio.ping_timeout,
        _ => config.server.handshake_timeout,
    };
    let target = format!("{SOCKET_IO}?sid={sid}");
    let passed = courier.pass_on(Ask {
        to: &to,
        method: request.method().clone(),
        target: &target,
        body,
        client: request.peer_addr().map(|address| address.ip()),
        patience: own_time + MARGIN,
        now: site.env.store.now(),
    });
    passed.await.map_err(|unpassed| match unpassed {
        Unpassed::Busy => {
            let fault = Fault::new(ErrorCode::Unavailable, unpassed.to_string());
            Refusal::from(fault.retry_after(BUSY)).answer()
        }
        Unpassed::Unknown
        | Unpassed::Unreachable(_)
        | Unpassed::TimedOut
        | Unpassed::Refused(_) => unknown(),
    })
}

/// The other node on which the session is, if its id is one that a node of ours could have made.
pub(super) fn elsewhere(sid: &str, site: &Site) -> Option<NodeId> {
    Sid::node_in(sid).filter(|node| *node != site.env.node)
}

/// Answers what another node has passed on. It is for a session of this one, or of none.
pub(super) async fn answer(
    request: HttpRequest,
    body: Payload,
    site: Rc<Site>,
    courier: Rc<Courier>,
) -> HttpResponse {
    let (limit, now) = (site.env.config.socketio.max_payload, site.env.store.now());
    let body = match courier.take_in(&request, body, limit, now).await {
        Ok(arrived) => arrived.body,
        Err(refused) => return refused,
    };
    let answered = match query::sid(request.head()) {
        None => Err(BadRequest::Malformed.answer(None)),
        Some(sid) => match (http::endpoint(&sid, &site), request.method()) {
            (Err(denied), _) => Err(denied),
            (Ok(endpoint), &Method::GET) => http::poll(&endpoint, &site.env).await,
            (Ok(endpoint), _) => {
                let text = |endpoint: &_| http::text(endpoint, body);
                http::post(&endpoint, &site.env, async |endpoint| text(endpoint)).await
            }
        },
    };
    courier.answer(answered.unwrap_or_else(refusal::http))
}
