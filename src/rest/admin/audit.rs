//! `/admin/api/audit`: what admins did.

use actix_web::web::{Data, Json, Query};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    audit::{Action, Audit, Entry},
    kernel::{
        ids::{AuditId, UserId},
        iso::Iso,
    },
    rest::{
        Answer, Shared,
        paging::{Page, Paging},
    },
};

/// One entry.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
pub(super) struct EntryView {
    id: AuditId,
    at: Iso,
    actor: UserId,
    action: Action,
    target: String,
    detail: Option<String>,
    /// `done`, the code of the error, or `null` if the server stopped before it was known.
    outcome: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.into(),
            actor: entry.event.actor,
            action: entry.event.action,
            target: entry.event.target,
            detail: entry.event.detail,
            outcome: entry.outcome,
        }
    }
}

/// `GET /admin/api/audit?limit=&cursor=`: newest first.
pub(super) async fn list(shared: Data<Shared>, paging: Query<Paging>) -> Answer<Page<EntryView>> {
    let audit = Audit::new(shared.store.clone());
    let entries = audit.page(paging.after()?, paging.rows()).await?;
    Ok(Json(paging.page(
        entries,
        |entry| entry.id,
        EntryView::from,
    )))
}
