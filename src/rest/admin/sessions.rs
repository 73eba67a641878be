//! `/admin/api/sessions`: the connections of all nodes.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    delivery::nodes::SessionReport,
    kernel::ids::{SessionId, UserId},
    people::Person,
    protocol::close_code::CloseCode,
    rest::{
        Answer, Shared,
        error::ApiError,
        paging::{Page, Paging, Size},
    },
};

/// Whose connections are wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    /// Only those of this user.
    user_id: Option<UserId>,
}

/// `GET /admin/api/sessions?userId=&limit=&cursor=`: oldest first.
pub(super) async fn list(
    shared: Data<Shared>,
    filter: Query<Filter>,
    paging: Query<Paging>,
) -> Answer<Page<SessionReport>> {
    let after: Option<SessionId> = paging.after()?;
    let user = filter.into_inner().user_id;
    let most = paging.rows() as usize;
    let reports = shared.dispatch.reports(user, after, most).await;
    let page = paging.page(reports, |report| report.session_id, |report| report);
    Ok(Json(page))
}

/// `GET /admin/api/slow?limit=`: the connections of all nodes that something waits for. Those for whom the most bytes wait come
/// first, and of equals those who have taken nothing for the longest. There is one page: who is slow changes from one look to
/// the next.
pub(super) async fn slow(shared: Data<Shared>, size: Query<Size>) -> Answer<Page<SessionReport>> {
    let slowest = shared.dispatch.slowest(size.limit() as usize).await;
    Ok(Json(Page::only(slowest)))
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionsClosed")]
pub(super) struct Disconnected {
    /// Connections that were closed.
    closed: usize,
}

/// `POST /admin/api/sessions/{id}/disconnect`: closes one connection (4003: do not come back by yourself).
pub(super) async fn disconnect(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<SessionId>,
) -> Answer<Disconnected> {
    let id = id.into_inner();
    let event = AuditEvent::new(&who.user, Action::Disconnect, &id);
    let dispatch = shared.dispatch.clone();
    let disconnected = audited(&shared, event, async move {
        let reason = "an admin closed this connection";
        match dispatch
            .close_session(id, CloseCode::Disabled, reason)
            .await
        {
            0 => Err(ApiError::not_found("session")),
            closed => Ok(Disconnected { closed }),
        }
    });
    disconnected.await.map(Json)
}
