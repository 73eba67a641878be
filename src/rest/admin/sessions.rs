//! `/admin/api/sessions`: the connections of this node.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use serde::{Deserialize, Serialize};

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    delivery::{lines::To, messages::LineReport},
    kernel::{
        identity::Role,
        ids::{DeviceId, SessionId, UserId},
    },
    people::Person,
    protocol::close_code::CloseCode,
    rest::{
        Answer, Shared,
        error::ApiError,
        paging::{Page, Paging},
    },
};

/// One connection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionView {
    session_id: SessionId,
    user_id: UserId,
    role: Role,
    device: DeviceId,
    worker: u16,
    /// Bytes that wait for it.
    backlog_bytes: usize,
    /// Whether it takes nothing although something waits.
    stalled: bool,
}

impl From<LineReport> for SessionView {
    fn from(report: LineReport) -> Self {
        Self {
            session_id: report.client.session,
            user_id: report.client.user,
            role: report.client.role,
            device: report.client.device,
            worker: report.at.worker,
            backlog_bytes: report.backlog,
            stalled: report.stalled,
        }
    }
}

/// Whose connections are wanted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    user_id: Option<UserId>,
}

/// `GET /admin/api/sessions?userId=&limit=&cursor=`: oldest first.
pub(super) async fn list(
    shared: Data<Shared>,
    filter: Query<Filter>,
    paging: Query<Paging>,
) -> Answer<Page<SessionView>> {
    let after: Option<SessionId> = paging.after()?;
    let wanted = |report: &LineReport| {
        let client = &report.client;
        filter
            .user_id
            .as_ref()
            .is_none_or(|user| *user == client.user)
            && after.is_none_or(|after| client.session > after)
    };
    let mut reports = shared.dispatch.observe().await;
    reports.retain(wanted);
    // Session ids sort by the time at which they were made.
    reports.sort_unstable_by_key(|report| report.client.session);
    reports.truncate(paging.rows() as usize);
    let page = paging.page(reports, |report| report.client.session, SessionView::from);
    Ok(Json(page))
}

#[derive(Serialize)]
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
        let reports = dispatch.observe().await;
        let session = reports.into_iter().find(|it| it.client.session == id);
        let at = session.ok_or_else(|| ApiError::not_found("session"))?.at;
        let reason = "an admin closed this connection";
        let closed = dispatch.close(To::Session(at), CloseCode::Disabled, reason);
        Ok(Disconnected {
            closed: closed.await,
        })
    });
    disconnected.await.map(Json)
}
