//! `/admin/api/otomo`: the otomo, and why each has the status that they have.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    kernel::{
        ids::{CallId, DeviceId, NodeId, SessionId, UserId},
        iso::Iso,
    },
    people::Person,
    presence::{
        board::Place,
        rules::{
            self, Cause, Chosen, ChosenCause, Connection, Correction, Explanation, LiveCall,
            Obstacle, Remedy, Status,
        },
    },
    rest::{
        Answer, Shared,
        body::Body,
        error::ApiError,
        evict::evict,
        otomo::{Filter, ListPlace, OtomoView},
        paging::{Page, Paging},
    },
};

/// An otomo, with their connections to this node.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WatchedOtomo")]
pub(super) struct Watched {
    #[serde(flatten)]
    otomo: OtomoView,
    connections: usize,
}

/// `GET /admin/api/otomo?status=&limit=&cursor=`: in list order.
pub(super) async fn list(
    shared: Data<Shared>,
    filter: Query<Filter>,
    paging: Query<Paging>,
) -> Answer<Page<Watched>> {
    let after: Option<ListPlace> = paging.after()?;
    let after = after.map(Place::try_from).transpose()?;
    let board = shared.presence.board();
    let entries = board.page(filter.status()?, after.as_ref(), paging.rows() as usize);
    let roster = shared.dispatch.roster();
    Ok(Json(paging.page(entries, ListPlace::of, |entry| Watched {
        connections: roster.sessions(&entry.otomo).len(),
        otomo: entry.into(),
    })))
}

/// Why an otomo has their status: what people were told, what follows from the facts now, and the facts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WhyOtomo")]
pub(super) struct Why {
    user_id: UserId,
    status: Status,
    version: u64,
    changed_at: Iso,
    decision: DecisionView,
    connected: bool,
    connections: Vec<ConnectionView>,
    choice: ChoiceView,
    call: Option<CallView>,
    /// Until then nobody can ring them, after their last call.
    wrap_up_until: Option<Iso>,
    /// What keeps calls from them, in the order in which it counts, and what an admin can do about each. Empty for one who can
    /// be called, and for one who is not there: nothing makes somebody connect.
    remedies: Vec<RemedyView>,
}

/// What an admin can do about something that keeps calls from an otomo.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtomoRemedy")]
struct RemedyView {
    obstacle: Obstacle,
    correction: Correction,
}

/// What follows from the facts now. Another status than people were told only until somebody settles it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OtomoDecision")]
struct DecisionView {
    status: Status,
    cause: DecisionCause,
}

/// The fact that decided.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionCause {
    /// They are in a call: busy.
    Call,
    /// No connection and no grace: offline.
    NotConnected,
    /// How they came to be online, or on break.
    #[serde(untagged)]
    Chosen(ChosenCause),
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoConnection")]
struct ConnectionView {
    session_id: SessionId,
    device: DeviceId,
    node: NodeId,
    state: ConnectionState,
    expires_at: Iso,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoChoiceNow")]
struct ChoiceView {
    chosen: Chosen,
    cause: ChosenCause,
    until: Option<Iso>,
    /// Rings in a row without an answer.
    missed: u32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoCall")]
struct CallView {
    call_id: CallId,
    phase: LiveCall,
}

/// Whether a connection counts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OtomoConnectionState")]
enum ConnectionState {
    /// It is there.
    Connected,
    /// It broke, and may come back.
    InGrace,
    /// Its time is over.
    Expired,
}

/// `GET /admin/api/otomo/{id}/why`
pub(super) async fn why(shared: Data<Shared>, id: Path<UserId>) -> Answer<Why> {
    let id = id.into_inner();
    match shared.presence.why(&id).await? {
        Some(explanation) => Ok(Json(Why::new(id, explanation))),
        None => Err(ApiError::unknown_otomo()),
    }
}

/// The status that an otomo should have.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "OtomoStatusToForce")]
pub(super) struct Force {
    #[schemars(with = "ForcedStatus")]
    status: String,
}

/// A status that an admin may give.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    dead_code,
    reason = "described, never made: any status is read, to say more of a wrong one"
)]
enum ForcedStatus {
    Online,
    Break,
    Offline,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoForced")]
pub(super) struct Forced {
    user_id: UserId,
    status: Status,
}

/// `POST /admin/api/otomo/{id}/status`: `online` and `break` are chosen for the otomo; `offline` ends their call and closes
/// their connections (4003). `busy` follows from calls and cannot be given.
pub(super) async fn force(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
    Body(force): Body<Force>,
) -> Answer<Forced> {
    let id = id.into_inner();
    let status: Status = force
        .status
        .parse()
        .map_err(|_unknown| ApiError::bad_request("status must be online, break or offline"))?;
    let event = AuditEvent::new(&who.user, Action::SetStatus, &id).with_detail(status);
    let acting = shared.clone();
    let forced = audited(&shared, event, async move {
        let presence = &acting.presence;
        let shown = || {
            presence
                .board()
                .get(&id)
                .ok_or_else(ApiError::unknown_otomo)
        };
        shown()?;
        match status {
            Status::Offline => {
                evict(&acting, &id, "an admin has set this otomo offline").await?;
            }
            Status::Online | Status::Break | Status::Busy => presence.force(&id, status).await?,
        }
        let shown = shown()?;
        Ok(Forced {
            user_id: id,
            status: shown.published.status,
        })
    });
    forced.await.map(Json)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoFreed")]
pub(super) struct Freed {
    user_id: UserId,
    /// The call that was ended, if there was one.
    call_id: Option<CallId>,
    /// A break that missed calls had put them on is over.
    break_ended: bool,
    /// The wrap-up of their last call is over.
    wrap_up_ended: bool,
}

/// `POST /admin/api/otomo/{id}/free`: ends whatever keeps calls from an otomo who is there, without having to know what it is: their
/// call, also one that is broken, a break that missed calls caused, a wrap-up. A break that somebody chose stays.
pub(super) async fn free(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
) -> Answer<Freed> {
    let id = id.into_inner();
    let (presence, calls) = (shared.presence.clone(), shared.calls.clone());
    let event = AuditEvent::new(&who.user, Action::FreeOtomo, &id);
    let freed = audited(&shared, event, async move {
        presence
            .board()
            .get(&id)
            .ok_or_else(ApiError::unknown_otomo)?;
        let call_id = calls.free(&id).await?;
        let freed = presence.free(&id).await?;
        Ok(Freed {
            user_id: id,
            call_id,
            break_ended: freed.break_ended,
            wrap_up_ended: freed.wrap_up_ended,
        })
    });
    freed.await.map(Json)
}

impl Why {
    fn new(user_id: UserId, explanation: Explanation) -> Self {
        let Explanation {
            published,
            decision,
            facts,
            connections,
            call_id,
            wrap_up_until,
            remedies,
        } = explanation;
        Self {
            user_id,
            status: published.status,
            version: published.version,
            changed_at: published.changed_at.into(),
            decision: DecisionView {
                status: decision.status,
                cause: decision.cause.into(),
            },
            connected: facts.connected,
            connections: connections.into_iter().map(ConnectionView::from).collect(),
            choice: ChoiceView {
                chosen: facts.readiness.chosen,
                cause: facts.readiness.cause,
                until: facts.readiness.until.map(Iso::from),
                missed: facts.readiness.missed,
            },
            call: call_id
                .zip(facts.call)
                .map(|(call_id, phase)| CallView { call_id, phase }),
            wrap_up_until: wrap_up_until.map(Iso::from),
            remedies: remedies.into_iter().map(RemedyView::from).collect(),
        }
    }
}

impl From<Remedy> for RemedyView {
    fn from(
        Remedy {
            obstacle,
            correction,
        }: Remedy,
    ) -> Self {
        Self {
            obstacle,
            correction,
        }
    }
}

impl From<Cause> for DecisionCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::InCall(_) => Self::Call,
            Cause::NotConnected => Self::NotConnected,
            Cause::Chosen(how) => Self::Chosen(how),
        }
    }
}

impl From<Connection> for ConnectionView {
    fn from(Connection { lease, presence }: Connection) -> Self {
        Self {
            session_id: lease.session,
            device: lease.device,
            node: lease.node,
            state: match presence {
                rules::Presence::Connected => ConnectionState::Connected,
                rules::Presence::InGrace => ConnectionState::InGrace,
                rules::Presence::Expired => ConnectionState::Expired,
            },
            expires_at: lease.expires_at.into(),
        }
    }
}
