//! `/admin/api/drain`: stops this node without cutting anybody off.

use actix_web::{
    HttpResponse,
    web::{Data, ReqData},
};
use serde_json::json;

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    people::Person,
    rest::{Shared, error::ApiError},
};

/// `POST /admin/api/drain`: 202, and then what SIGTERM does: no new connections, no new rings, live calls may end, at the
/// latest at `server.drain_limit`; then the process ends. Asked twice, it is done once.
pub(super) async fn begin(
    shared: Data<Shared>,
    who: ReqData<Person>,
) -> Result<HttpResponse, ApiError> {
    let event = AuditEvent::new(&who.user, Action::Drain, &shared.node);
    let gate = shared.gate.clone();
    audited(&shared, event, async move {
        gate.ask_to_drain();
        Ok(())
    })
    .await?;
    Ok(HttpResponse::Accepted().json(json!({"draining": true})))
}
