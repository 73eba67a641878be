//! `/api/server/rooms`: a backend lets users into rooms, takes them out, and sees who is there.

use actix_web::web::{Data, Json, Path, Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    contract::{NoContent, Stored},
    kernel::{
        ids::{RoomId, UserId},
        iso::Iso,
    },
    rest::{
        Answer, Shared,
        body::Body,
        error::ApiError,
        paging::{Page, Paging},
    },
    rooms::{Granted, Presence, rules::Grant},
};

/// Until when a user may be in a room.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomGrant")]
pub(super) struct Until {
    /// In the future; nothing for a grant without end.
    expires_at: Option<Iso>,
}

/// A user who may be in a room.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomGranted")]
pub(super) struct MemberView {
    room: RoomId,
    user_id: UserId,
    expires_at: Option<Iso>,
}

/// `PUT /api/server/rooms/{room}/members/{user}`: 201 for somebody new, 200 for a grant that is changed.
pub(super) async fn grant(
    shared: Data<Shared>,
    path: Path<(RoomId, UserId)>,
    Body(until): Body<Until>,
) -> Result<Stored<MemberView>, ApiError> {
    let (room, user) = path.into_inner();
    let expires_at = until.expires_at.map(|time| time.0);
    if expires_at.is_some_and(|end| end <= shared.store.now()) {
        return Err(ApiError::bad_request("expiresAt must be in the future"));
    }
    let granted = shared
        .rooms
        .grant(&room, &user, Grant { expires_at })
        .await?;
    log::info!("room granted room={room} user={user}");
    let member = MemberView {
        room,
        user_id: user,
        expires_at: until.expires_at,
    };
    Ok(match granted {
        Granted::New => Stored::New(member),
        Granted::Renewed => Stored::Kept(member),
    })
}

/// `DELETE /api/server/rooms/{room}/members/{user}`: the room's events end at once for all of the user's connections. The
/// same answer for somebody who was not in.
pub(super) async fn revoke(
    shared: Data<Shared>,
    path: Path<(RoomId, UserId)>,
) -> Result<NoContent, ApiError> {
    let (room, user) = path.into_inner();
    shared.rooms.revoke(&room, &user).await?;
    log::info!("room grant taken back room={room} user={user}");
    Ok(NoContent)
}

/// A member, and whether they are there.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomMember")]
pub(super) struct PresenceView {
    user_id: UserId,
    /// How many of their connections are in the room; 0: they are not there.
    connections: usize,
    /// Since when a backend lets them in; `null`: their token does.
    granted_at: Option<Iso>,
    /// Until when; `null`: without end.
    expires_at: Option<Iso>,
}

/// A room.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Room")]
pub(super) struct RoomView {
    room: RoomId,
    /// The members, in the order of their ids.
    #[serde(flatten)]
    members: Page<PresenceView>,
}

impl From<Presence> for PresenceView {
    fn from(it: Presence) -> Self {
        let grant = it.grant.as_ref();
        Self {
            user_id: it.user,
            connections: it.connections,
            granted_at: grant.map(|grant| grant.granted_at.into()),
            expires_at: grant.and_then(|grant| grant.expires_at).map(Iso::from),
        }
    }
}

/// `GET /api/server/rooms/{room}?limit=&cursor=`: the members of a room, and who of them is there. A room that nobody knows
/// has none.
pub(super) async fn show(
    shared: Data<Shared>,
    room: Path<RoomId>,
    paging: Query<Paging>,
) -> Answer<RoomView> {
    let room = room.into_inner();
    let after: Option<UserId> = paging.after()?;
    let members = shared.rooms.members(&room, after, paging.rows()).await?;
    let place = |it: &Presence| it.user.clone();
    let members = paging.page(members, place, PresenceView::from);
    Ok(Json(RoomView { room, members }))
}
