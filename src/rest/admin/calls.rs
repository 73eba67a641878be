//! `/admin/api/calls`: the calls, what happened in one, and how to end it.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    calls::{
        records::{history::Place, timeline::TimelineEntry},
        rules::{effect::TimelineEvent, ending::By},
    },
    contract::parameter,
    kernel::{ids::CallId, iso::Iso},
    people::Person,
    rest::{
        Answer, Shared,
        call::{CallPlace, CallView},
        error::ApiError,
        paging::{Page, Paging},
    },
};

/// Which calls are wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Filter {
    /// Only those that are not over.
    #[serde(default, deserialize_with = "is_live")]
    live: bool,
}

fn is_live<'de, D: Deserializer<'de>>(given: D) -> Result<bool, D::Error> {
    parameter::parse(given, "live must be true or false", |text| {
        text.parse().ok()
    })
}

/// `GET /admin/api/calls?live=&limit=&cursor=`: the newest first.
pub(super) async fn list(
    shared: Data<Shared>,
    filter: Query<Filter>,
    paging: Query<Paging>,
) -> Answer<Page<CallView>> {
    let after: Option<CallPlace> = paging.after()?;
    let after: Option<Place> = after.map(Into::into);
    let calls = match filter.live {
        true => live(&shared, after, paging.rows()).await?,
        false => shared.calls.all(after, paging.rows()).await?,
    };
    Ok(Json(paging.page(calls, CallPlace::of, CallView::from)))
}

/// There are few of them: all are read, whichever page is wanted.
async fn live(
    shared: &Shared,
    after: Option<Place>,
    rows: u32,
) -> Result<Vec<crate::calls::Entry>, ApiError> {
    let mut calls = shared.calls.live_calls().await?;
    calls.reverse();
    calls.retain(|entry| after.is_none_or(|after| Place::from(&entry.call) < after));
    calls.truncate(rows as usize);
    Ok(calls)
}

/// What happened in a call, in order.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallTimeline")]
pub(super) struct Timeline {
    call_id: CallId,
    events: Vec<EventView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CallTimelineEvent")]
struct EventView {
    /// Of the call, counted up with each event.
    version: u64,
    at: Iso,
    event: TimelineEvent,
    by: By,
    /// What there is to add: how the call ended, which device accepted.
    detail: Option<String>,
}

impl From<TimelineEntry> for EventView {
    fn from(entry: TimelineEntry) -> Self {
        Self {
            version: entry.version,
            at: entry.at.into(),
            event: entry.event,
            by: entry.by,
            detail: entry.detail,
        }
    }
}

/// `GET /admin/api/calls/{id}/timeline`
pub(super) async fn timeline(shared: Data<Shared>, id: Path<CallId>) -> Answer<Timeline> {
    let call_id = id.into_inner();
    let entries = shared.calls.timeline(call_id).await?;
    if entries.is_empty() {
        return Err(ApiError::not_found("call"));
    }
    let events = entries.into_iter().map(EventView::from).collect();
    Ok(Json(Timeline { call_id, events }))
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallEnded")]
pub(super) struct Ended {
    call_id: CallId,
}

/// `POST /admin/api/calls/{id}/end`: both people are told. One that is over stays as it is.
pub(super) async fn end(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<CallId>,
) -> Answer<Ended> {
    let call_id = id.into_inner();
    let calls = shared.calls.clone();
    let event = AuditEvent::new(&who.user, Action::EndCall, &call_id);
    let ended = audited(&shared, event, async move {
        calls.admin_end(call_id).await?;
        Ok(Ended { call_id })
    });
    ended.await.map(Json)
}
