//! `POST /api/commands`: how a client of an event stream sends what a WebSocket client sends in a frame.
//!
//! The session it names handles the command, on whichever worker and node that is. So the session's limits hold, and a call
//! is bound to its device.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Json, Payload},
};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{Site, passing};
use crate::{
    contract::{
        NoContent,
        gives::Raw,
        takes::{RawJson, RawQuery},
    },
    delivery::{
        line::SessionRef,
        reply::{Answer, PostOutcome, PostedCommand},
    },
    kernel::ids::{DeviceId, SessionId, UserId},
    protocol::{
        command::RequestId, error_code::ErrorCode, event::Event, fault::Fault, frame::Frame,
        spec::Topics,
    },
    session::{env::Env, hello::Credentials},
    transport::{credentials, peers::Courier, refusal::Refusal},
};

/// The session that is to handle the command, by its id or by its device. One of the two is needed.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Recipient {
    /// The `sessionId` of the stream's `connected`.
    session: Option<SessionId>,
    /// The `device` that the stream was opened with.
    device: Option<DeviceId>,
}

/// A command as sockets take it (`/schemas/messages.json`).
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Command", example = json!({"type": "typing-start", "conversationId": "0198c0de-0000-7000-8000-000000000001"}))]
#[expect(dead_code, reason = "described, never made: the session reads it")]
pub(super) struct CommandBody {
    /// Which command.
    #[serde(rename = "type")]
    name: String,
    /// What the client calls it: its answer carries it back.
    request_id: Option<RequestId>,
    /// The command's own fields.
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// The acknowledgement of a command, as sockets get it.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "described, never made: it is written as sockets get it"
)]
pub(super) struct Acknowledgement {
    /// Which acknowledgement.
    #[serde(rename = "type")]
    name: String,
    /// The command's.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    /// The acknowledgement's own fields.
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// A command's answer, nothing where it has none, or its error.
type Answered = Raw<(Json<Acknowledgement>, NoContent)>;

/// Answers a posted command: 200 with its acknowledgement, 204 if it has none, else its error.
pub(super) async fn answer(
    request: HttpRequest,
    body: RawJson<CommandBody, Payload>,
    recipient: RawQuery<Recipient>,
    site: Site,
) -> Answered {
    let courier = site.courier.as_deref();
    let answered = post(&request, body.0, &recipient, &site.env, courier).await;
    answered.unwrap_or_else(HttpResponse::from).into()
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

async fn post(
    request: &HttpRequest,
    body: Payload,
    recipient: &RawQuery<Recipient>,
    env: &Env,
    courier: Option<&Courier>,
) -> Result<HttpResponse, Refusal> {
    let user = asker(request, env)?;
    let recipient = Recipient::named(recipient)?;
    let json = read(body, env.config.limits.now().message_size).await?;
    match recipient.here(&user, env) {
        Some(to) => hand_over(to, json, env).await,
        None => passing::pass_on(request, &user, &recipient, json, env, courier).await,
    }
}

/// Has a session of this node handle a command.
pub(super) async fn hand_over(
    to: SessionRef,
    json: Bytes,
    env: &Env,
) -> Result<HttpResponse, Refusal> {
    let (answer, mut waiting) = mpsc::channel(1);
    match env.dispatch.post(to, PostedCommand { json, answer }).await {
        PostOutcome::Taken => Ok(match waiting.recv().await {
            Some(answer) => response(answer),
            None => HttpResponse::NoContent().finish(),
        }),
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

impl Recipient {
    /// The session with this id.
    pub(super) fn session(session: SessionId) -> Self {
        Self {
            session: Some(session),
            device: None,
        }
    }

    /// The one that the query names.
    fn named(query: &RawQuery<Self>) -> Result<Self, Refusal> {
        let bad = |message: String| Fault::new(ErrorCode::BadRequest, message);
        let named = query.read();
        let named = named.map_err(|error| bad(credentials::fault_of(&error)))?;
        if named.session.is_none() && named.device.is_none() {
            let message =
                "say for which stream: ?session=<sessionId of connected>, or ?device=".to_owned();
            return Err(bad(message).into());
        }
        Ok(named)
    }

    /// Whether a session of the asker is meant.
    pub(super) fn fits(&self, session: SessionId, device: &DeviceId) -> bool {
        self.session.is_none_or(|it| it == session)
            && self.device.as_ref().is_none_or(|it| it == device)
    }

    /// The asker's session on this node.
    pub(super) fn here(&self, user: &UserId, env: &Env) -> Option<SessionRef> {
        let sessions = env.dispatch.roster().sessions(user).into_iter();
        // The newest one: an earlier stream that was cut may not be known to have ended.
        let newest = sessions
            .filter(|it| self.fits(it.at.session, &it.device))
            .last();
        newest.map(|it| it.at)
    }
}

pub(super) fn no_session() -> Refusal {
    let message = "you have no such session; open a stream and take the sessionId of connected";
    Fault::new(ErrorCode::SessionNotFound, message).into()
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
