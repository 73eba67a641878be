//! The bodies of requests, so that whatever is wrong with one is told in the same words and with the field.

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
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
    /// What [`ApiError`] makes of a body that is too large, late, or no JSON, and `BAD_REQUEST` with the field that is wrong.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = Json::<Box<RawValue>>::from_request(request, payload);
        Box::pin(async move {
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
    /// What [`ApiError`] makes of a body that is too large, or late.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            let told = |error: actix_web::Error| match error.as_error::<PayloadError>() {
                Some(fault) => ApiError::from(fault).into(),
                None => error,
            };
            bytes.await.map(Self).map_err(told)
        })
    }
}

impl<T: JsonSchema> Takes for Body<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        <Json<T> as Takes>::describe(operation, schemas);
    }
}
