//! What a request to Engine.IO asks for, in the order in which the reference server looks at it.

use actix_http::{Method, RequestHead};
use actix_web::web::Query;
use serde::Deserialize;

use super::fault::BadRequest;
use crate::{
    protocol::{close_code::CloseCode, spec::Topics},
    session::{
        env::Env,
        gate::{Gate, Permit},
        hello::{Credentials, Hello},
    },
    transport::{
        credentials,
        refusal::{Denied, Refusal},
    },
};

/// The version of Engine.IO that is spoken.
const VERSION: &str = "4";

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Polling,
    WebSocket,
}

#[derive(Deserialize)]
struct EngineQuery {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
    /// The number of a callback: JSONP.
    j: Option<String>,
}

/// The session that a request is for; `None` if it is to begin one.
pub(super) fn read(head: &RequestHead, came_by: Transport) -> Result<Option<String>, BadRequest> {
    let query = head.uri.query().unwrap_or_default();
    let query = Query::<EngineQuery>::from_query(query).map_err(|_fault| BadRequest::Malformed)?;
    let query = query.into_inner();
    let asked = match query.transport.as_deref() {
        Some("polling") => Transport::Polling,
        Some("websocket") => Transport::WebSocket,
        _ => return Err(BadRequest::UnknownTransport),
    };
    if query.sid.is_none() && head.method != Method::GET {
        return Err(BadRequest::HandshakeMethod);
    }
    if asked != came_by || query.j.is_some() {
        return Err(BadRequest::Malformed);
    }
    if query.sid.is_none() && query.version.as_deref() != Some(VERSION) {
        return Err(BadRequest::UnsupportedVersion);
    }
    Ok(query.sid)
}

/// The session that a request of another node is for.
pub(super) fn sid(head: &RequestHead) -> Option<String> {
    let query = head.uri.query().unwrap_or_default();
    let query = Query::<EngineQuery>::from_query(query).ok()?;
    query.into_inner().sid
}

/// Lets a client begin a session. Its token may come later, but a page that may not connect is turned away at once: it could
/// not be told otherwise.
pub(super) fn admit(head: &RequestHead, env: &Env, gate: &Gate) -> Result<(Hello, Permit), Denied> {
    let now = env.store.now();
    let hello = credentials::read(head, &env.config, &env.verifier, now, Topics::ALL)
        .map_err(|bad| BadRequest::Malformed.answer(Some(&bad.to_string())))?;
    let in_call = match &hello.credentials {
        Credentials::Refused(CloseCode::ForbiddenOrigin, reason) => {
            return Err(BadRequest::Forbidden.answer(Some(reason)));
        }
        Credentials::Known(identity) => env.calls.is_live(&identity.user),
        Credentials::Awaited | Credentials::Refused(..) => false,
    };
    let permit = gate
        .admit(hello.address, in_call)
        .map_err(|rejected| Refusal::from(rejected).answer())?;
    let permit = permit.counted_in(env.metrics.connections.of("socketio"));
    Ok((hello, permit))
}
