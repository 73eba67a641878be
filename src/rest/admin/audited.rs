//! How an admin's corrections are done: written down, done to the end, concluded.

use std::future::Future;

use crate::{
    audit::{Audit, AuditEvent, DONE},
    kernel::logging::chain,
    rest::{Shared, error::ApiError, to_the_end::to_the_end},
};

/// Does something in an admin's name. It is done to the end, also if the admin has hung up meanwhile.
///
/// # Errors
/// Those of `doing`; and those of the store, in which case nothing was done.
pub(in crate::rest) async fn audited<T: 'static>(
    shared: &Shared,
    event: AuditEvent,
    doing: impl Future<Output = Result<T, ApiError>> + 'static,
) -> Result<T, ApiError> {
    let audit = Audit::new(shared.store.clone());
    let AuditEvent {
        actor,
        action,
        target,
        ..
    } = &event;
    log::info!("admin acts user={actor} action={action} target={target}");
    let id = audit.begin(event).await?;
    to_the_end(async move {
        let done = doing.await;
        let outcome = match &done {
            Ok(_) => DONE,
            Err(error) => error.code().as_str(),
        };
        if let Err(error) = audit.conclude(id, outcome).await {
            let cause = chain(&error);
            log::warn!("outcome not audited outcome={outcome} cause={cause}");
        }
        done
    })
    .await
}
