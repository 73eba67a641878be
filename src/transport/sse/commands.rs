//! `POST /api/commands`: how a client of an event stream sends what a WebSocket client sends in a frame.
//!
//! The session it names handles the command, on whichever worker that is. So the session's limits hold, and a call is bound
//! to its device.

use std::{rc::Rc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Payload, Query},
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::{
    delivery::{
        line::SessionRef,
        reply::{Answer, PostOutcome, PostedCommand},
        roster::ConnectedSession,
    },
    kernel::ids::{DeviceId, SessionId, UserId},
    protocol::{error_code::ErrorCode, event::Event, fault::Fault, frame::Frame, spec::Topics},
    session::{env::Env, hello::Credentials},
    transport::{credentials, refusal::Refusal},
};

/// The session that is to handle the command.
#[derive(Deserialize)]
struct Recipient {
    session: Option<SessionId>,
    device: Option<DeviceId>,
}

/// Answers a posted command: 200 with its acknowledgement, 204 if it has none, else its error.
pub(super) async fn answer(request: HttpRequest, body: Payload, env: Rc<Env>) -> HttpResponse {
    match post(&request, body, &env).await {
        Ok(Some(answer)) => response(answer),
        Ok(None) => HttpResponse::NoContent().finish(),
        Err(refusal) => refusal.into(),
    }
}

fn response(answer: Answer) -> HttpResponse {
    match answer.event {
        Event::Error(error) => {
            let mut fault = Fault::new(error.code, error.message);
            fault.context = error.context;
            Refusal::from(fault).into()
        }
        event => HttpResponse::Ok().content_type("application/json").body(
            Frame::answer(&event, answer.request_id.as_ref())
                .json()
                .clone(),
        ),
    }
}

async fn post(request: &HttpRequest, body: Payload, env: &Env) -> Result<Option<Answer>, Refusal> {
    let user = asker(request, env)?;
    let to = session(request, &user, env)?;
    let json = read(body, env.config.limits.message_size).await?;
    let (answer, mut waiting) = mpsc::channel(1);
    match env.dispatch.post(to, PostedCommand { json, answer }).await {
        PostOutcome::Taken => Ok(waiting.recv().await),
        PostOutcome::Full => {
            let fault = Fault::new(ErrorCode::RateLimited, "too many commands at once");
            Err(fault.retry_after(Duration::from_secs(1)).into())
        }
        PostOutcome::NoSession => Err(no_session()),
    }
}

fn asker(request: &HttpRequest, env: &Env) -> Result<UserId, Refusal> {
    let now = env.store.now();
    let head = request.head();
    let hello = credentials::read(head, &env.config, &env.verifier, now, Topics::ALL)?;
    match hello.credentials {
        Credentials::Known(identity) => Ok(identity.user),
        Credentials::Refused(code, reason) => Err(Refusal::closed(code, reason)),
        Credentials::Awaited => {
            let message = "say who you are: Authorization: Bearer";
            Err(Fault::new(ErrorCode::Unauthorized, message).into())
        }
    }
}

/// The asker's session that the query names, by its id or by its device.
fn session(request: &HttpRequest, user: &UserId, env: &Env) -> Result<SessionRef, Refusal> {
    let bad = |message: String| Fault::new(ErrorCode::BadRequest, message);
    let named = Query::<Recipient>::from_query(request.query_string())
        .map_err(|error| bad(format!("the query is not valid: {error}")))?
        .into_inner();
    if named.session.is_none() && named.device.is_none() {
        let message = "say for which stream: ?session=<sessionId of connected>, or ?device=";
        return Err(bad(message.to_owned()).into());
    }
    let fits = |it: &ConnectedSession| {
        named.session.is_none_or(|session| it.at.session == session)
            && named
                .device
                .as_ref()
                .is_none_or(|device| it.device == *device)
    };
    let mut sessions = env.dispatch.roster().sessions(user);
    sessions.retain(fits);
    // The newest one: an earlier stream that was cut may not be known to have ended.
    sessions.last().map(|it| it.at).ok_or_else(no_session)
}

fn no_session() -> Refusal {
    let message = "you have no such session; open a stream and take the sessionId of connected";
    Fault::new(ErrorCode::NotFound, message).into()
}

async fn read(body: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        Refusal::from(Fault::new(ErrorCode::MessageTooLarge, message))
    };
    let read = body.to_bytes_limited(limit).await;
    let unread = |_: actix_web::Error| Fault::new(ErrorCode::BadRequest, "the body cannot be read");
    let body = read.map_err(|_exceeded| too_large())?.map_err(unread)?;
    match std::str::from_utf8(&body) {
        Ok(_) => Ok(body),
        Err(_) => Err(Fault::new(ErrorCode::BadRequest, "the body must be UTF-8").into()),
    }
}
