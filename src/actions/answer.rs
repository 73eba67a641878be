//! What an answer of the app's backend means.
//!
//! | status | body | the client gets |
//! |---|---|---|
//! | 2xx | JSON, as deep as a message may be, or nothing | `action_ack` with it (nothing: `null`) |
//! | 4xx but 401 | `{"error": {"message", "code"?}}` | that message, under the code that the status means |
//! | other | | `ACTION_UNAVAILABLE` |
//!
//! Redirects are not followed: the signature is for the address that was configured. 401 is about our signature, not about the
//! client.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::fault::{ActionFault, Refusal};
use crate::{kernel::unreadable, protocol::error_code::ErrorCode};

/// How much of the app's own sentence is passed on, in characters.
const MESSAGE_MAX: usize = 1_024;

/// The same of its own code.
const CODE_MAX: usize = 64;

/// The longest wait that is passed on.
const RETRY_MAX: u64 = 24 * 60 * 60;

/// What the backend answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Retry-After`, if it is a number of seconds.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Bytes,
}

#[derive(Deserialize)]
struct Refused {
    error: AppError,
}

#[derive(Deserialize)]
struct AppError {
    code: Option<String>,
    message: String,
}

pub(super) fn read(answer: &Answer) -> Result<Value, ActionFault> {
    match answer.status {
        200..=299 if answer.body.is_empty() => Ok(Value::Null),
        200..=299 => unreadable::read(&answer.body).map_err(|_unread| ActionFault::NotJson),
        401 => Err(ActionFault::Status(401)),
        status @ 400..=499 => Err(refusal(status, answer)),
        status => Err(ActionFault::Status(status)),
    }
}

fn refusal(status: u16, answer: &Answer) -> ActionFault {
    let Ok(Refused { error }) = serde_json::from_slice(&answer.body) else {
        return ActionFault::Status(status);
    };
    let seconds = |seconds: u64| Duration::from_secs(seconds.min(RETRY_MAX));
    ActionFault::Refused(Refusal {
        code: match status {
            400 | 422 => ErrorCode::BadRequest,
            403 => ErrorCode::Forbidden,
            404 => ErrorCode::NotFound,
            409 => ErrorCode::Conflict,
            429 => ErrorCode::RateLimited,
            _ => ErrorCode::ActionUnavailable,
        },
        app_code: error.code.map(|code| code.chars().take(CODE_MAX).collect()),
        message: error.message.chars().take(MESSAGE_MAX).collect(),
        retry_after: answer.retry_after.map(seconds),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_of(status: u16, body: &str) -> Result<Value, ActionFault> {
        read(&Answer {
            status,
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn a_result_is_json_or_nothing() {
        assert_eq!(read_of(200, r#"{"ok":true}"#), Ok(json!({"ok": true})));
        assert_eq!(read_of(201, "7"), Ok(json!(7)));
        assert_eq!(read_of(204, ""), Ok(Value::Null));
        for bad in ["<html>", "{", "{} {}", r#""\ud800""#, "1e999"] {
            assert_eq!(read_of(200, bad), Err(ActionFault::NotJson), "{bad}");
        }
    }

    #[test]
    fn whoever_nests_a_result_too_deep_is_told_how_deep_it_may_be() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        read_of(200, &nested(32)).unwrap();
        let too_deep = read_of(200, &nested(33)).unwrap_err();
        assert_eq!(too_deep, ActionFault::NotJson);
        let told = too_deep.about("game_action").message;
        assert!(told.contains("32 levels"), "{told}");
    }

    #[test]
    fn a_refusal_of_the_app_has_its_words_and_the_code_of_its_status() {
        let body = r#"{"error":{"code":"NOT_YOUR_TURN","message":"順番ではありません"}}"#;
        for (status, code) in [
            (400, ErrorCode::BadRequest),
            (402, ErrorCode::ActionUnavailable),
            (403, ErrorCode::Forbidden),
            (404, ErrorCode::NotFound),
            (409, ErrorCode::Conflict),
            (422, ErrorCode::BadRequest),
            (429, ErrorCode::RateLimited),
        ] {
            let fault = read_of(status, body).unwrap_err().about("game_action");
            assert_eq!(
                (fault.code, fault.message.as_str()),
                (code, "順番ではありません")
            );
            assert_eq!(
                Value::Object(fault.context),
                json!({"action": "game_action", "reason": "refused", "appCode": "NOT_YOUR_TURN"})
            );
        }
        let long = json!({"error": {"message": "x".repeat(5_000)}}).to_string();
        let fault = read_of(409, &long).unwrap_err().about("game_action");
        assert_eq!(fault.message.len(), MESSAGE_MAX);
    }

    #[test]
    fn what_is_neither_is_a_status() {
        let refused = r#"{"error":{"message":"no"}}"#;
        for (status, body) in [
            (404, "not found"),
            (409, r#"{"error":"no"}"#),
            (401, refused),
            (302, refused),
            (500, refused),
            (503, ""),
        ] {
            assert_eq!(
                read_of(status, body),
                Err(ActionFault::Status(status)),
                "{body}"
            );
        }
    }

    #[test]
    fn a_wait_of_the_app_is_passed_on() {
        let answer = Answer {
            status: 429,
            retry_after: Some(3),
            body: Bytes::from_static(br#"{"error":{"message":"slower"}}"#),
        };
        let fault = read(&answer).unwrap_err().about("game_action");
        assert_eq!(fault.context["retryAfterMs"], 3_000);
    }
}
