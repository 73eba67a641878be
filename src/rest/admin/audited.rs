//! How an admin's corrections are done: written down, done to the end, concluded.

use std::{fmt::Display, future::Future};

use crate::{
    audit::{self, Action, Audit, DONE},
    kernel::logging::chain,
    people::Person,
    protocol::error_code::ErrorCode,
    rest::{Shared, error::ApiError},
};

/// What an admin wants done.
pub(in crate::rest) struct Deed {
    action: Action,
    target: String,
    detail: Option<String>,
}

impl Deed {
    /// To do something to somebody or something.
    pub(in crate::rest) fn new(action: Action, target: &impl Display) -> Self {
        Self {
            action,
            target: target.to_string(),
            detail: None,
        }
    }

    /// The same with what else was said about it.
    pub(in crate::rest) fn saying(self, detail: impl Display) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..self
        }
    }
}

/// Does something in an admin's name. It is done to the end, also if the admin has hung up meanwhile.
///
/// # Errors
/// Those of `doing`; and those of the store, in which case nothing was done.
pub(in crate::rest) async fn audited<T: 'static>(
    shared: &Shared,
    admin: &Person,
    deed: Deed,
    doing: impl Future<Output = Result<T, ApiError>> + 'static,
) -> Result<T, ApiError> {
    let book = Audit::new(shared.store.clone());
    let Deed {
        action,
        target,
        detail,
    } = deed;
    log::info!(
        "admin acts user={} action={action} target={target}",
        admin.user
    );
    let id = book
        .begin(audit::Deed {
            actor: admin.user.clone(),
            action,
            target,
            detail,
        })
        .await?;
    let done = actix_rt::spawn(async move {
        let done = doing.await;
        let outcome = done
            .as_ref()
            .map_or_else(|error| error.code().as_str(), |_| DONE);
        if let Err(error) = book.conclude(id, outcome).await {
            log::warn!(
                "outcome not audited outcome={outcome} cause={}",
                chain(&error)
            );
        }
        done
    });
    let panicked = |_| ApiError::new(ErrorCode::InternalError, "the server failed");
    done.await.map_err(panicked)?
}
