//! `/api/friends`: who is whose friend, and who of them is online.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    contract::NoContent,
    friends::{
        records::{Friendship, Place},
        rules::Standing,
    },
    kernel::{ids::UserId, iso::Iso, time::Timestamp},
    people::Person,
    rest::{
        Answer, Shared,
        error::ApiError,
        paging::{Page, Paging},
    },
};

/// A friend, or somebody with an open request.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Friend")]
pub(super) struct FriendView {
    user_id: UserId,
    name: String,
    avatar: Option<String>,
    standing: Standing,
    /// Since when they are friends, or when the one asked the other.
    since: Iso,
}

impl From<(Friendship, Option<Person>)> for FriendView {
    fn from((it, person): (Friendship, Option<Person>)) -> Self {
        let (name, avatar) = person.map_or_else(Default::default, |it| (it.name, it.avatar));
        Self {
            user_id: it.other,
            name,
            avatar,
            standing: it.standing,
            since: it.since.into(),
        }
    }
}

/// Which of them are wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Which {
    /// Only those.
    #[schemars(with = "Option<Standing>")]
    standing: Option<String>,
}

/// A place in the list, for cursors: since when, in milliseconds, and who.
#[derive(Serialize, Deserialize)]
struct ListPlace(i64, UserId);

/// `GET /api/friends?standing=&limit=&cursor=`: friends and open requests, the latest first.
pub(super) async fn list(
    shared: Data<Shared>,
    who: ReqData<Person>,
    which: Query<Which>,
    paging: Query<Paging>,
) -> Answer<Page<FriendView>> {
    let standing = which.standing.as_deref().map(str::parse::<Standing>);
    let standing = standing.transpose().map_err(|_unknown| {
        ApiError::bad_request("standing must be friend, incoming or outgoing")
    })?;
    let after = paging.after()?.map(|ListPlace(since, other)| Place {
        since: Timestamp::from_millis(since),
        other,
    });
    let found = shared
        .friends
        .list(&who.user, standing, after, paging.rows());
    let place =
        |(it, _): &(Friendship, Option<Person>)| ListPlace(it.since.millis(), it.other.clone());
    Ok(Json(paging.page(found.await?, place, FriendView::from)))
}

/// What two people are to each other now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Friendship")]
pub(super) struct Asked {
    user_id: UserId,
    standing: Standing,
    /// Since when they are friends, or when the one asked the other.
    since: Iso,
}

/// `PUT /api/friends/{id}`: asks somebody, or accepts what they asked.
pub(super) async fn ask(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
) -> Answer<Asked> {
    let now = shared.friends.ask(&who.user, &id).await?;
    Ok(Json(Asked {
        user_id: now.other,
        standing: now.standing,
        since: now.since.into(),
    }))
}

/// `DELETE /api/friends/{id}`: takes a request back, refuses one, or ends a friendship.
pub(super) async fn remove(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
) -> Result<NoContent, ApiError> {
    shared.friends.remove(&who.user, &id).await?;
    Ok(NoContent)
}

/// The document's envelope (004).
#[derive(Serialize, JsonSchema)]
pub(super) struct OnlineStatus {
    data: Statuses,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OnlineStatuses")]
struct Statuses {
    /// By the id of each friend: whether they are online.
    statuses: BTreeMap<UserId, bool>,
}

/// `GET /api/friends/online-status`: which of the asker's friends are online.
pub(super) async fn online_status(
    shared: Data<Shared>,
    who: ReqData<Person>,
) -> Answer<OnlineStatus> {
    let statuses = shared.friends.online_status(&who.user).await?;
    let data = Statuses { statuses };
    Ok(Json(OnlineStatus { data }))
}
