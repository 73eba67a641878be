//! `POST /api/server/events`: a backend says something to its users.

use std::time::Duration;

use actix_web::web::{Data, Json};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json, value::RawValue};
use sha2::{Digest as _, Sha256};

use crate::{
    contract::takes::RawJson,
    kernel::{
        ids::{IdempotencyKey, RoomId, UserId},
        type_name, unreadable,
        whole::whole_if_any,
    },
    protocol::{error_code::ErrorCode, fault::Fault, spec::Priority},
    rest::{Answer, Shared, body::Unread, error::ApiError},
    rooms::{
        Report, RoomsFault,
        publication::{Draft, RepeatKey, Target},
        rules::{KEY_MAX_BYTES, Kind, USERS_MAX},
    },
};

/// The most events of one request.
const BATCH_MAX: usize = 1_000;

/// The most bytes of one request: a thousand events of 8 KiB each.
pub(super) const BATCH_BYTES_MAX: usize = 8 << 20;

/// The longest time to live, in seconds: a year.
const TTL_MAX: u32 = 366 * 24 * 3600;

/// One event, or several in one request: then all of them are published, or none.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "EventsToPublish")]
#[schemars(example = json!({"target": {"user": "taro"}, "type": "notification", "data": {"message": "お知らせ", "category": "news"}}))]
#[expect(
    dead_code,
    reason = "described, never made: each part is read by itself, so that a refusal says which is wrong"
)]
pub(super) enum ToPublish {
    One(EventBody),
    Several {
        #[schemars(length(min = 1, max = BATCH_MAX))]
        events: Vec<EventBody>,
    },
}

/// Several events in one request.
#[derive(Deserialize)]
#[serde(expecting = "an event, or {\"events\": [..]}")]
struct Batch {
    events: Option<Vec<Box<RawValue>>>,
}

/// One event.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an event: a JSON object")]
#[schemars(rename = "EventToPublish")]
pub(super) struct EventBody {
    #[schemars(with = "OneTarget")]
    target: TargetBody,
    /// A type that clients know (`/schemas/events.json`: then `data` must fit it), or one of the app's own.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = type_name::MAX_BYTES), regex(pattern = "^[A-Za-z0-9_.:-]+$"))]
    name: String,
    /// What clients get, with the `type` in it. What the server knows (`timestamp`, the `id` of a notification) may be left out.
    #[schemars(with = "Option<Map<String, Value>>")]
    data: Option<Box<RawValue>>,
    /// Without it: as the type says; of the app's own types a state if there is a key, else ephemeral.
    kind: Option<Kind>,
    #[serde(default)]
    priority: Priority,
    /// Of a state: of two with the same key only the newer counts. At most 128 bytes without control characters.
    #[schemars(length(min = 1, max = KEY_MAX_BYTES), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    key: Option<String>,
    /// For how long it is kept: at most a year.
    #[serde(default, deserialize_with = "whole_if_any")]
    #[schemars(range(min = 1, max = TTL_MAX), !default)]
    ttl_seconds: Option<u32>,
    /// A repeat with the same key and the same event publishes nothing.
    idempotency_key: Option<IdempotencyKey>,
}

/// For whom an event is: exactly one of these.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "EventTarget", transform = exactly_one)]
#[expect(dead_code, reason = "described, never made: it is read field by field")]
enum OneTarget {
    /// One user.
    User { user: UserId },
    /// Several users.
    Users {
        #[schemars(length(min = 1, max = USERS_MAX))]
        users: Vec<UserId>,
    },
    /// Those who are in a room, or (durable) may be.
    Room { room: RoomId },
    /// Everybody who is connected.
    All {
        #[schemars(extend("const" = true))]
        all: bool,
    },
}

fn exactly_one(schema: &mut Schema) {
    if let Some(targets) = schema.remove("anyOf") {
        schema.insert("oneOf".to_owned(), targets);
    }
}

/// For whom it is: exactly one of these.
#[derive(Deserialize)]
#[serde(expecting = "{\"user\"}, {\"users\"}, {\"room\"} or {\"all\"}")]
struct TargetBody {
    user: Option<UserId>,
    users: Option<Vec<UserId>>,
    room: Option<RoomId>,
    all: Option<bool>,
}

/// What became of one event, or of all of a request together.
#[derive(Default, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "PublishedCounts")]
pub(super) struct Counts {
    /// Events that were published, or had been before with the same key.
    accepted: u64,
    /// Inboxes that it is stored in, or rooms in which it holds.
    stored: u64,
    /// Connections that it went to.
    delivered: u64,
}

/// What became of a request.
#[derive(Serialize, JsonSchema)]
pub(super) struct Published {
    #[serde(flatten)]
    together: Counts,
    /// One entry for each event, where several came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Counts>,
}

/// `POST /api/server/events`: one event, or `{"events": [..]}`. All of them are published, or none.
pub(super) async fn publish(
    shared: Data<Shared>,
    body: RawJson<ToPublish, Unread>,
) -> Answer<Published> {
    let Unread(body) = &body.0;
    let batch: Batch = read("", body)?;
    let several = batch.events.is_some();
    let drafts = match batch.events {
        Some(events) if events.is_empty() || events.len() > BATCH_MAX => {
            let message = format!("must be 1 to {BATCH_MAX} events");
            return Err(invalid("events", message).into());
        }
        Some(events) => {
            let draft = |(index, event): (usize, Box<RawValue>)| {
                draft(&format!("events[{index}]"), event.get().as_bytes())
            };
            events.into_iter().enumerate().map(draft).collect()
        }
        None => draft("", body).map(|draft| vec![draft]),
    }?;
    let published = shared.rooms.publish(drafts).await;
    let reports = published.map_err(|fault| located(fault, several))?;
    let counts: Vec<Counts> = reports.into_iter().map(Counts::from).collect();
    let together = counts.iter().fold(Counts::default(), |sum, it| Counts {
        accepted: sum.accepted + it.accepted,
        stored: sum.stored + it.stored,
        delivered: sum.delivered + it.delivered,
    });
    Ok(Json(Published {
        together,
        events: if several { counts } else { Vec::new() },
    }))
}

impl From<Report> for Counts {
    fn from(report: Report) -> Self {
        Self {
            accepted: 1,
            stored: report.stored,
            delivered: report.delivered,
        }
    }
}

fn draft(path: &str, json: &[u8]) -> Result<Draft, ApiError> {
    let event: EventBody = read(path, json)?;
    let at = |field: &str| join(path, field);
    let ttl = event.ttl_seconds;
    if ttl.is_some_and(|ttl| !(1..=TTL_MAX).contains(&ttl)) {
        let message = format!("must be 1 to {TTL_MAX} seconds, or left out");
        return Err(invalid(&at("ttlSeconds"), message).into());
    }
    let digest = event.idempotency_key.map(|key| RepeatKey {
        key,
        digest: digest(json),
    });
    let nothing = || RawValue::from_string("{}".to_owned()).unwrap_or_default();
    Ok(Draft {
        target: target(event.target).map_err(|message| invalid(&at("target"), message))?,
        name: event.name,
        data: event.data.unwrap_or_else(nothing),
        kind: event.kind,
        priority: event.priority,
        key: event.key,
        ttl: ttl.map(|ttl| Duration::from_secs(ttl.into())),
        repeat: digest,
    })
}

fn target(body: TargetBody) -> Result<Target, &'static str> {
    match (body.user, body.users, body.room, body.all) {
        (Some(user), None, None, None) => Ok(Target::User(user)),
        (None, Some(users), None, None) => Ok(Target::Users(users)),
        (None, None, Some(room), None) => Ok(Target::Room(room)),
        (None, None, None, Some(true)) => Ok(Target::Everyone),
        _ => Err(r#"must be one of {"user": id}, {"users": [..]}, {"room": name}, {"all": true}"#),
    }
}

fn read<T: DeserializeOwned>(path: &str, json: &[u8]) -> Result<T, ApiError> {
    let read = unreadable::read(json);
    read.map_err(|fault| invalid(&join(path, &fault.path), fault.message).into())
}

fn invalid(path: &str, message: impl Into<String>) -> Fault {
    let place = if path.is_empty() { "the event" } else { path };
    let message = format!("{place} {}", message.into());
    Fault::new(ErrorCode::EventInvalid, message).about("path", path)
}

/// Where several events came, the place of a fault begins with its event's place among them.
fn located(fault: RoomsFault, several: bool) -> Fault {
    let place = |index| format!("events[{index}]");
    let fault = match fault {
        RoomsFault::Invalid(index, violation) if several => {
            return violation.within(&place(index)).into();
        }
        fault => fault,
    };
    let mut fault = Fault::from(fault);
    let index = fault.context.remove("index").and_then(|it| it.as_u64());
    if let (true, Some(index), Some(path)) = (several, index, fault.context.get("path")) {
        let path = join(&place(index as usize), path.as_str().unwrap_or_default());
        fault.context.insert("path".to_owned(), path.into());
    }
    fault
}

fn join(path: &str, field: &str) -> String {
    match (path, field) {
        ("", field) => field.to_owned(),
        (path, "") => path.to_owned(),
        (path, field) => format!("{path}.{field}"),
    }
}

/// The same for the same event, however its fields are ordered and spaced.
fn digest(json: &[u8]) -> String {
    // It was read as an event before; maps of values are sorted.
    let event: Value = serde_json::from_slice(json).unwrap_or_default();
    let digest = Sha256::digest(event.to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_has_the_same_digest_however_it_is_written() {
        let one = digest(br#"{"type":"a","data":{"x":1,"y":[1,2]},"target":{"all":true}}"#);
        let same =
            digest(br#"{ "target": {"all": true}, "data": {"y":[1,2], "x":1}, "type": "a" }"#);
        let other = digest(br#"{"type":"a","data":{"x":1,"y":[2,1]},"target":{"all":true}}"#);
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn an_event_has_exactly_one_target() {
        for bad in ["{}", r#"{"all":false}"#, r#"{"user":"a","room":"b"}"#] {
            assert!(target(serde_json::from_str(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
