//! Refused clients and refused commands as HTTP answers, the same for every transport.

use std::time::Duration;

use actix_http::{
    Response, StatusCode,
    header::{self, HeaderValue},
};
use actix_web::HttpResponse;
use bytes::Bytes;
use serde_json::Value;

use super::credentials::BadHandshake;
use crate::{
    contract::ErrorBody,
    protocol::{close_code::CloseCode, error_code::ErrorCode, fault::Fault},
    session::gate::Rejected,
};

/// When to try again after a refusal that is temporary, where nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A refusal as it is sent: the answer's head and its body.
pub(super) type Denied = (Response<()>, Bytes);

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    fault: Fault,
}

impl From<Fault> for Refusal {
    /// With the status that its code has in the catalogue.
    fn from(fault: Fault) -> Self {
        let status = StatusCode::from_u16(fault.code.http_status());
        // Every status in the catalogue is a valid one.
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, fault }
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        let code = match rejected {
            Rejected::TooFast(_) => ErrorCode::RateLimited,
            Rejected::Full(_) | Rejected::Draining(_) => ErrorCode::Unavailable,
        };
        let fault = Fault::new(code, rejected.to_string());
        fault.retry_after(rejected.retry_after()).into()
    }
}

impl From<BadHandshake> for Refusal {
    fn from(bad: BadHandshake) -> Self {
        Fault::new(ErrorCode::BadRequest, bad.to_string()).into()
    }
}

impl Refusal {
    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, for people.
    pub(super) fn message(&self) -> &str {
        &self.fault.message
    }

    /// A session that closes before the response has begun: its close code as a status.
    pub(super) fn closed(code: CloseCode, reason: &str) -> Self {
        let code = error_code(code);
        let fault = Fault::new(code, reason);
        match code {
            ErrorCode::RateLimited | ErrorCode::Unavailable => {
                fault.retry_after(RETRY_AFTER).into()
            }
            _ => fault.into(),
        }
    }

    /// The answer's head and its body.
    pub(super) fn answer(self) -> Denied {
        let Fault { code, context, .. } = &self.fault;
        let mut response = Response::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        match code {
            ErrorCode::UpgradeRequired => {
                // RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
                response.insert_header((header::UPGRADE, "websocket"));
                response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
            }
            ErrorCode::MethodNotAllowed => {
                response.insert_header((header::ALLOW, "GET"));
            }
            // RFC 9110, section 11.6.1, with the words of RFC 6750, section 3.
            ErrorCode::Unauthorized => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            ErrorCode::TokenExpired => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            _ => {}
        }
        if let Some(millis) = context.get("retryAfterMs").and_then(Value::as_u64) {
            // Whole seconds, rounded up: a client that comes back earlier is refused again.
            let seconds = millis.div_ceil(1000).to_string();
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        // A code, a text and a map of JSON values: there is nothing in it that could fail.
        let body = serde_json::to_string(&ErrorBody::from(&self.fault)).unwrap_or_default();
        (response.finish().drop_body(), body.into())
    }
}

/// What a close code says where errors have codes of their own.
pub(super) fn error_code(code: CloseCode) -> ErrorCode {
    match code {
        CloseCode::BadToken => ErrorCode::Unauthorized,
        CloseCode::TokenExpired => ErrorCode::TokenExpired,
        CloseCode::ForbiddenOrigin | CloseCode::Disabled => ErrorCode::Forbidden,
        CloseCode::TooManyConnections | CloseCode::RateLimited => ErrorCode::RateLimited,
        CloseCode::Protocol
        | CloseCode::Unsupported
        | CloseCode::InvalidUtf8
        | CloseCode::ProtocolErrors => ErrorCode::BadRequest,
        CloseCode::TooLarge => ErrorCode::MessageTooLarge,
        _ => ErrorCode::Unavailable,
    }
}

impl From<Refusal> for HttpResponse {
    fn from(refusal: Refusal) -> Self {
        http(refusal.answer())
    }
}

/// A refusal of a request that came through the HTTP application.
pub(super) fn http((head, body): Denied) -> HttpResponse {
    HttpResponse::from(head.set_body(actix_web::body::BoxBody::new(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_connections_are_429_and_a_full_or_draining_server_is_503() {
        let wait = Duration::from_millis(1_200);
        for (rejected, status, code) in [
            (Rejected::TooFast(wait), 429, "RATE_LIMITED"),
            (Rejected::Full(wait), 503, "UNAVAILABLE"),
            (Rejected::Draining(wait), 503, "UNAVAILABLE"),
        ] {
            let (response, body) = Refusal::from(rejected).answer();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "2");
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"]["code"], code);
            assert_eq!(body["error"]["context"]["retryAfterMs"], 1_200);
        }
    }

    #[test]
    fn a_session_that_closes_before_it_begins_answers_with_a_status() {
        for (code, status) in [
            (CloseCode::BadToken, 401),
            (CloseCode::TokenExpired, 401),
            (CloseCode::ForbiddenOrigin, 403),
            (CloseCode::Disabled, 403),
            (CloseCode::TooManyConnections, 429),
            (CloseCode::Internal, 503),
        ] {
            let (response, _) = Refusal::closed(code, "why").answer();
            assert_eq!(response.status(), status, "{code:?}");
            let wait = response.headers().contains_key(header::RETRY_AFTER);
            assert_eq!(wait, matches!(status, 429 | 503), "{code:?}");
        }
    }
}
