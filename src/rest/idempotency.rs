//! The header `Idempotency-Key`: what makes a repeated request known.

use actix_web::HttpRequest;

use super::error::ApiError;
use crate::kernel::ids::{IdFault, IdempotencyKey};

/// The name of the header.
pub(super) const HEADER: &str = "idempotency-key";

/// The key, where a request need not have one.
///
/// # Errors
/// `BAD_REQUEST` for one that is no key.
pub(super) fn optional(request: &HttpRequest) -> Result<Option<IdempotencyKey>, ApiError> {
    let header = request.headers().get(HEADER);
    let key = header.map(|key| key.to_str().unwrap_or_default().parse());
    key.transpose()
        .map_err(|fault: IdFault| ApiError::bad_request(fault.to_string()))
}

/// The key of a request that must have one.
///
/// # Errors
/// `BAD_REQUEST` for none, and for one that is no key.
pub(super) fn required(request: &HttpRequest) -> Result<IdempotencyKey, ApiError> {
    optional(request)?.ok_or_else(|| {
        ApiError::bad_request(
            "the header Idempotency-Key is missing; send a new key with each order, and the same one again with a repeat",
        )
    })
}
