//! What has more than one step, and is done to the end also if whoever asked for it has hung up meanwhile.

use super::error::ApiError;
use crate::protocol::error_code::ErrorCode;

/// Does it.
///
/// # Errors
/// Those of `doing`.
pub(super) async fn to_the_end<T: 'static>(
    doing: impl Future<Output = Result<T, ApiError>> + 'static,
) -> Result<T, ApiError> {
    let panicked = |_| ApiError::new(ErrorCode::InternalError, "the server failed");
    actix_rt::spawn(doing).await.map_err(panicked)?
}
