//! The one mapping outward: every way in which a request can fail, as `{"error": {code, message, context?}}` with the
//! status that the catalogue gives the code.
//!
//! A failure of ours is logged here, where it is handled, and told without its causes.

use std::fmt;

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
};
use serde_json::Value;

use crate::{
    calls::CallsFault,
    chat::ChatFault,
    contract::ErrorBody,
    friends::FriendsFault,
    kernel::{
        logging::chain,
        token::TokenFault,
        unreadable::{self, Unreadable},
    },
    people::EntryFault,
    points::PointsFault,
    presence::PresenceFault,
    protocol::{error_code::ErrorCode, fault::Fault},
    rooms::RoomsFault,
    store::StoreError,
};

/// When to try again what was refused with `UNAVAILABLE`, if nothing better is known, in seconds.
const RETRY_AFTER_SECONDS: u64 = 1;

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct ApiError(Fault);

impl ApiError {
    /// An error without context.
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Fault::new(code, message))
    }

    /// The request makes no sense.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// No such thing, or none that the asker may see.
    pub(super) fn not_found(what: &str) -> Self {
        let message = format!("there is no {what} by this id that you may see; look at the id");
        Self::new(ErrorCode::NotFound, message)
    }

    /// No otomo has this id.
    pub(super) fn unknown_otomo() -> Self {
        Self::new(
            ErrorCode::OtomoNotFound,
            "no otomo is known by this id; GET /api/otomo lists them",
        )
    }

    /// The role may not do this.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Forbidden, message)
    }

    /// What is wrong, for programs.
    pub(super) fn code(&self) -> ErrorCode {
        self.0.code
    }

    fn body(&self) -> String {
        // A code, a text and a map of JSON values: there is nothing in it that could fail.
        serde_json::to_string(&ErrorBody::from(&self.0)).unwrap_or_default()
    }

    /// What clients do not have to read the body for.
    fn announce(&self, headers: &mut HeaderMap) {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        match self.0.code {
            // RFC 9110, section 11.6.1, with the words of RFC 6750, section 3.
            ErrorCode::Unauthorized => challenge(headers, "Bearer"),
            ErrorCode::TokenExpired => challenge(headers, r#"Bearer error="invalid_token""#),
            ErrorCode::RateLimited | ErrorCode::Unavailable => {
                headers.insert(header::RETRY_AFTER, self.retry_after().into());
            }
            _ => {}
        }
    }

    /// Whole seconds, rounded up: who comes back earlier is refused again.
    fn retry_after(&self) -> u64 {
        let millis = self.0.context.get("retryAfterMs").and_then(Value::as_u64);
        millis.map_or(RETRY_AFTER_SECONDS, |millis| millis.div_ceil(1000).max(1))
    }
}

fn challenge(headers: &mut HeaderMap, scheme: &'static str) {
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        // The catalogue holds statuses alone.
        StatusCode::from_u16(self.0.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        self.announce(response.headers_mut());
        response.set_body(BoxBody::new(self.body()))
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Overloaded(_) | StoreError::Unavailable(..) | StoreError::Crossed(_) => {
                log::warn!("request refused cause={}", chain(&error));
                let message = "the database is not available; try again in a moment";
                Self::new(ErrorCode::Unavailable, message)
            }
            StoreError::Conflict { .. }
            | StoreError::Reference(_)
            | StoreError::Newer(_)
            | StoreError::Corrupt(..)
            | StoreError::Migration(..)
            | StoreError::Statement(_)
            | StoreError::Panicked(_) => {
                log::error!("request failed cause={}", chain(&error));
                Self::new(
                    ErrorCode::InternalError,
                    "the server failed; it has logged why",
                )
            }
        }
    }
}

impl From<PresenceFault> for ApiError {
    fn from(fault: PresenceFault) -> Self {
        Self(fault.into())
    }
}

impl From<CallsFault> for ApiError {
    fn from(fault: CallsFault) -> Self {
        Self(fault.into())
    }
}

impl From<ChatFault> for ApiError {
    fn from(fault: ChatFault) -> Self {
        match fault {
            ChatFault::Store(error) => error.into(),
            fault => Self(fault.into()),
        }
    }
}

impl From<FriendsFault> for ApiError {
    fn from(fault: FriendsFault) -> Self {
        match fault {
            FriendsFault::Store(error) => error.into(),
            fault => Self(fault.into()),
        }
    }
}

impl From<RoomsFault> for ApiError {
    fn from(fault: RoomsFault) -> Self {
        match fault {
            RoomsFault::Store(error) => error.into(),
            fault => Self(fault.into()),
        }
    }
}

impl From<PointsFault> for ApiError {
    fn from(fault: PointsFault) -> Self {
        match fault {
            PointsFault::Store(error) => error.into(),
            fault => Self(fault.into()),
        }
    }
}

impl From<TokenFault> for ApiError {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Expired => Self::new(
                ErrorCode::TokenExpired,
                "the token has expired; send one that has not",
            ),
            TokenFault::Invalid(flaw) => {
                log::debug!("token refused flaw={flaw}");
                let message = "the token is not valid; send one signed by the app";
                Self::new(ErrorCode::Unauthorized, message)
            }
        }
    }
}

impl From<EntryFault> for ApiError {
    fn from(fault: EntryFault) -> Self {
        match fault {
            EntryFault::Unknown | EntryFault::RoleDiffers { .. } | EntryFault::Disabled => {
                Self::forbidden(fault.to_string())
            }
            EntryFault::Store(error) => error.into(),
        }
    }
}

impl From<JsonPayloadError> for ApiError {
    fn from(error: JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::Overflow { limit }
            | JsonPayloadError::OverflowKnownLength { limit, .. } => Self::new(
                ErrorCode::MessageTooLarge,
                format!("the body is larger than {limit} bytes"),
            ),
            JsonPayloadError::ContentType => {
                Self::bad_request("the body must be JSON, with Content-Type: application/json")
            }
            JsonPayloadError::Deserialize(fault) => {
                Self::bad_request(Unreadable::from(&fault).within("the body"))
            }
            JsonPayloadError::Payload(fault) => Self::from(&fault),
            _ => Self::bad_request("the body cannot be read; send it again"),
        }
    }
}

impl From<&PayloadError> for ApiError {
    fn from(fault: &PayloadError) -> Self {
        match fault {
            PayloadError::Overflow => {
                Self::new(ErrorCode::MessageTooLarge, "the body is too large")
            }
            PayloadError::Io(late) if late.kind() == std::io::ErrorKind::TimedOut => {
                Self::bad_request("the body took too long; it has server.handshake_timeout")
            }
            _ => Self::bad_request("the body cannot be read; send it again"),
        }
    }
}

impl From<QueryPayloadError> for ApiError {
    fn from(error: QueryPayloadError) -> Self {
        match error {
            QueryPayloadError::Deserialize(fault) => {
                Self::bad_request(unreadable::query(&fault.to_string()))
            }
            _ => Self::bad_request("the query cannot be read"),
        }
    }
}

impl From<PathError> for ApiError {
    /// A text that can be no id is the id of nothing. Ids are all that paths hold, and they say of themselves how they look.
    fn from(fault: PathError) -> Self {
        let form = match fault {
            PathError::Deserialize(form) => form.to_string(),
            _ => "it cannot be read".to_owned(),
        };
        let message = format!("the path holds no id of anything: {form}");
        Self::new(ErrorCode::NotFound, message)
    }
}

/// Gives errors that were made elsewhere (an unknown path, a wrong method, a refused origin) the shape of ours. What they
/// say in headers (`Allow`) stays.
pub(super) async fn in_one_shape(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it == "application/json");
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        let cause = response.response().error().map(ToString::to_string);
        log::error!("request failed cause={}", cause.unwrap_or_default());
    }
    let error = foreign(status);
    Ok(response.map_body(|head, _| {
        error.announce(&mut head.headers);
        BoxBody::new(error.body())
    }))
}

fn foreign(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::new(
            ErrorCode::NotFound,
            "nothing is served at this path; /openapi.json lists what is",
        ),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(
            ErrorCode::MethodNotAllowed,
            "this method does nothing here; the header Allow lists those that do",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(ErrorCode::MessageTooLarge, "the body is too large")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ApiError::new(ErrorCode::Unavailable, "not now; try again in a moment")
        }
        status if status.is_client_error() => {
            ApiError::bad_request("the request is not understood, or not allowed from this page")
        }
        _ => ApiError::new(
            ErrorCode::InternalError,
            "the server failed; it has logged why",
        ),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use std::time::Duration;

    use super::*;

    async fn read(error: ApiError) -> (u16, Value, HeaderMap) {
        let response = error.error_response();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap(), headers)
    }

    #[actix_rt::test]
    async fn every_code_has_its_status_and_the_one_shape() {
        for code in ErrorCode::ALL {
            let (status, body, _) = read(ApiError::new(*code, "why")).await;
            assert_eq!(status, code.http_status());
            let expected = serde_json::json!({"error": {"code": code, "message": "why"}});
            assert_eq!(body, expected);
        }
    }

    #[actix_rt::test]
    async fn who_should_wait_is_told_how_long_in_whole_seconds() {
        let fault = Fault::new(ErrorCode::RateLimited, "slower");
        let limited = fault.retry_after(Duration::from_millis(1_200));
        let (status, body, headers) = read(limited.into()).await;
        assert_eq!(
            (status, headers.get("retry-after").unwrap()),
            (429, &HeaderValue::from(2))
        );
        assert_eq!(body["error"]["context"]["retryAfterMs"], 1_200);
        let (_, _, headers) = read(ApiError::new(ErrorCode::Unavailable, "later")).await;
        assert_eq!(headers.get("retry-after").unwrap(), "1");
    }

    #[actix_rt::test]
    async fn a_failure_of_the_store_tells_nothing_of_the_store() {
        let (status, body, _) = read(StoreError::corrupt("users.role of taro: x").into()).await;
        assert_eq!(status, 500);
        assert!(!body.to_string().contains("taro"), "{body}");
    }
}
