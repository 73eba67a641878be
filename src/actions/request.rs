//! What the app's backend is sent, and the signature by which it knows that it is from us.

use std::{collections::BTreeMap, fmt::Write as _};

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use uuid::Uuid;

use super::Action;
use crate::kernel::{
    identity::Role,
    ids::{DeviceId, SessionId, UserId},
    iso::Iso,
    secret::Secret,
};

/// The field of a command that is between the client and us.
const REQUEST_ID: &str = "requestId";

/// A request that is ready to be sent.
pub(super) struct Request {
    /// Names the action for good, so that a backend can tell whether it has seen it.
    pub(super) delivery: Uuid,
    /// UNIX seconds, as they are signed.
    pub(super) timestamp: i64,
    /// `v1=` and the signature.
    pub(super) signature: String,
    /// JSON.
    pub(super) body: String,
}

/// The body, in the words of source document 003.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    user_id: &'a UserId,
    role: Role,
    session_id: SessionId,
    device: &'a DeviceId,
    command: BTreeMap<String, &'a RawValue>,
    timestamp: Iso,
}

impl Request {
    /// # Errors
    /// If the command is not an object, which it is by then.
    pub(super) fn new(action: &Action, secret: &Secret) -> Result<Self, serde_json::Error> {
        let mut command: BTreeMap<String, &RawValue> = serde_json::from_str(action.command.get())?;
        command.remove(REQUEST_ID);
        let client = &action.client;
        let body = serde_json::to_string(&Body {
            r#type: &action.name,
            user_id: &client.user,
            role: client.role,
            session_id: client.session,
            device: &client.device,
            command,
            timestamp: Iso(action.at),
        })?;
        let timestamp = action.at.unix_seconds();
        Ok(Self {
            delivery: Uuid::now_v7(),
            timestamp,
            signature: sign(secret, timestamp, &body),
            body,
        })
    }
}

/// `v1=` and, in hexadecimal, the HMAC-SHA256 of `<timestamp>.<body>`: with the time in it, so that an old request cannot be
/// passed off as a new one.
fn sign(secret: &Secret, timestamp: i64, body: &str) -> String {
    let mut signature = "v1=".to_owned();
    // Never refused: HMAC takes a key of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) {
        mac.update(timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(body.as_bytes());
        for byte in mac.finalize().into_bytes() {
            // Writing to a `String` does not fail.
            let _ = write!(signature, "{byte:02x}");
        }
    }
    signature
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{delivery::line::Client, kernel::time::Timestamp};

    fn action(command: &str) -> Action {
        Action {
            name: "game_action".into(),
            client: Client {
                user: "taro".parse().unwrap(),
                role: Role::User,
                device: "phone".parse().unwrap(),
                session: SessionId::new(),
            },
            command: RawValue::from_string(command.to_owned()).unwrap(),
            at: Timestamp::from_millis(1_706_605_100_250),
        }
    }

    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        // openssl: printf '1706605100.{"a":1}' | openssl dgst -sha256 -hmac 'north'
        let known = "v1=f65a7e5789cb79c60121fa1f8a921161b323af69ac9c0cb2339330dcd10ffcc7";
        assert_eq!(
            sign(&Secret::new("north"), 1_706_605_100, r#"{"a":1}"#),
            known
        );
    }

    #[test]
    fn the_backend_gets_the_command_as_it_came_and_who_sent_it() {
        let command = r#"{"type":"game_action","requestId":"7","n":1.10,"big":123456789012345678901234567890}"#;
        let action = action(command);
        let request = Request::new(&action, &Secret::new("north")).unwrap();
        let exact =
            r#""command":{"big":123456789012345678901234567890,"n":1.10,"type":"game_action"}"#;
        assert!(request.body.contains(exact), "{}", request.body);
        let mut body: Value = serde_json::from_str(&request.body).unwrap();
        body.as_object_mut().unwrap().remove("command");
        assert_eq!(
            body,
            json!({"type": "game_action", "user_id": "taro", "role": "user", "device": "phone",
                "session_id": action.client.session, "timestamp": "2024-01-30T08:58:20.250Z"})
        );
        assert_eq!(request.timestamp, 1_706_605_100);
        assert!(!request.body.contains("north"));
    }
}
