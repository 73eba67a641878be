//! The bodies of requests, so that whatever is wrong with one is told in the same words and with the field.
//!
//! They are taken as they are written, never compressed. What actix unpacks it unpacks piece by piece, each whole before its size
//! is looked at: 32 KiB of `gzip` can be 32 MiB, whatever `limits.message_size` says.

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::{Bytes, Json},
};
use futures_core::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::ApiError;
use crate::{
    contract::takes::{Operation, Schemas, Takes},
    kernel::unreadable,
};

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    /// # Errors
    /// What [`ApiError`] makes of a body that is too large, late, compressed, or no JSON, and `BAD_REQUEST` with the field that is wrong.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let plain = plain(request.headers());
        let json = Json::<Box<RawValue>>::from_request(request, payload);
        Box::pin(async move {
            plain?;
            let json = json.await?;
            let read = unreadable::read(json.get().as_bytes());
            let body = read.map_err(|fault| ApiError::bad_request(fault.within("the body")))?;
            Ok(Self(body))
        })
    }
}

/// The bytes of a body that its handler reads part by part.
pub(super) struct Unread(pub(super) Bytes);

impl FromRequest for Unread {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    /// # Errors
    /// What [`ApiError`] makes of a body that is too large, late, or compressed.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let plain = plain(request.headers());
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            plain?;
            let told = |error: actix_web::Error| match error.as_error::<PayloadError>() {
                Some(fault) => ApiError::from(fault).into(),
                None => error,
            };
            bytes.await.map(Self).map_err(told)
        })
    }
}

/// Whether a body comes as it is written (RFC 9110, section 8.4). Nothing of another is read.
fn plain(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING);
    match codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Ok(()),
        false => {
            let message = "the body is compressed; send it as it is, without Content-Encoding";
            Err(ApiError::bad_request(message))
        }
    }
}

impl<T: JsonSchema> Takes for Body<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        <Json<T> as Takes>::describe(operation, schemas);
    }
}
