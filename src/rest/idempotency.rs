//! The header `Idempotency-Key`: what makes a repeated request known.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::Value;

use super::error::ApiError;
use crate::{
    contract::takes::{Operation, Schemas, Takes},
    kernel::ids::{IdFault, IdempotencyKey},
    protocol::error_code::ErrorCode,
};

/// The name of the header.
pub(super) const HEADER: &str = "idempotency-key";

/// The key, where a request need not have one. One that is no key is refused with `BAD_REQUEST`.
pub(super) struct IdempotencyHeader(pub(super) Option<IdempotencyKey>);

/// The key of a request that must have one: `BAD_REQUEST` without it.
pub(super) struct RequiredIdempotencyHeader(pub(super) IdempotencyKey);

fn read(request: &HttpRequest) -> Result<Option<IdempotencyKey>, ApiError> {
    let header = request.headers().get(HEADER);
    let key = header.map(|key| key.to_str().unwrap_or_default().parse());
    key.transpose()
        .map_err(|fault: IdFault| ApiError::bad_request(fault.to_string()))
}

impl FromRequest for IdempotencyHeader {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self))
    }
}

impl FromRequest for RequiredIdempotencyHeader {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || {
            ApiError::bad_request(
                "the header Idempotency-Key is missing; send a new key with each order, and the same one again with a repeat",
            )
        };
        ready(read(request).and_then(|key| key.ok_or_else(missing).map(Self)))
    }
}

impl Takes for IdempotencyHeader {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        describe(false, operation, schemas);
    }
}

impl Takes for RequiredIdempotencyHeader {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        describe(true, operation, schemas);
    }
}

fn describe(required: bool, operation: &mut Operation, schemas: &mut Schemas) {
    let schema: Value = schemas.incoming::<IdempotencyKey>();
    operation.header("Idempotency-Key", required, schema);
    operation.refuse([ErrorCode::BadRequest]);
}
