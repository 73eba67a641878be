//! `/api/server/users`: a backend sets people up, and disconnects them.

use actix_web::web::{Data, Json, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    contract::Stored,
    delivery::lines::To,
    kernel::{
        identity::Role,
        ids::UserId,
        person_name::{self, PersonName},
        whole::whole_if_any,
    },
    people::{Person, Put},
    protocol::close_code::CloseCode,
    rest::{
        Answer, Shared,
        body::Body,
        error::ApiError,
        evict::{evict, set_offline},
        to_the_end::to_the_end,
    },
};

/// The longest address of a picture, in bytes.
const AVATAR_MAX_BYTES: usize = 2048;

/// A person, whole: what is missing here is not kept from before.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    role: Role,
    #[schemars(with = "PersonName")]
    name: String,
    /// The address of a picture: at most 2,048 bytes without control characters.
    #[schemars(length(max = AVATAR_MAX_BYTES), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"))]
    avatar: Option<String>,
    /// Of an otomo: points for each minute of a call. Nothing, or 0: calls are free.
    #[serde(default, deserialize_with = "whole_if_any")]
    #[schemars(!default)]
    price_per_minute: Option<u32>,
    /// Whether they are kept out.
    #[serde(default)]
    disabled: bool,
}

/// A person as they are now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredUser {
    user_id: UserId,
    #[serde(flatten)]
    user: User,
}

/// What a client is told whose connections say another role than its user has.
const ROLE_CHANGED: &str = "your role has changed; come back with a new token";

/// `PUT /api/server/users/{id}`: 201 for somebody new. A disabled user loses their call and their connections
/// (4003). A user whose role has changed loses their connections, which may do what the old one may, and is to come back
/// with a new token (4202); where tokens provision (`users.auto_provision`), an old one brings the old role back.
pub(super) async fn put(
    shared: Data<Shared>,
    id: Path<UserId>,
    Body(user): Body<User>,
) -> Result<Stored<StoredUser>, ApiError> {
    let id = id.into_inner();
    check(&user)?;
    to_the_end(async move {
        let put = set_up(&shared, &id, &user).await?;
        let stored = StoredUser { user_id: id, user };
        Ok(match put {
            Put::Created => Stored::New(stored),
            Put::Changed { .. } | Put::Unchanged => Stored::Kept(stored),
        })
    })
    .await
}

/// Stores somebody, and does what follows from it: all of that, though some of it fails. For a repeat nothing would have changed.
async fn set_up(shared: &Shared, id: &UserId, user: &User) -> Result<Put, ApiError> {
    let put = shared.people.put(person(id, user)).await?;
    log::info!(
        "user set up user={id} role={} disabled={}",
        user.role,
        user.disabled
    );
    let listed = match user.role {
        Role::Otomo => shared.presence.introduce(id).await,
        Role::User | Role::Admin | Role::Service => Ok(()),
    };
    match put {
        _ if user.disabled => {
            evict(shared, id, "the user is disabled").await?;
        }
        Put::Changed { role_was } if role_was != user.role => {
            // Lists go on to show an otomo, offline; a live call goes on if they are back in its grace.
            let offline = set_offline(shared, id).await;
            close(shared, id, CloseCode::TokenExpired, ROLE_CHANGED).await;
            offline?;
        }
        Put::Created | Put::Changed { .. } | Put::Unchanged => {}
    }
    listed?;
    Ok(put)
}

fn check(user: &User) -> Result<(), ApiError> {
    person_name::check(&user.name).map_err(|fault| ApiError::bad_request(fault.to_string()))?;
    let avatar = user.avatar.as_deref().unwrap_or_default();
    if avatar.len() > AVATAR_MAX_BYTES {
        let message = format!("avatar must be at most {AVATAR_MAX_BYTES} bytes");
        return Err(ApiError::bad_request(message));
    }
    if avatar.contains(char::is_control) {
        let message = "avatar cannot have control characters".to_owned();
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

fn person(id: &UserId, user: &User) -> Person {
    Person {
        user: id.clone(),
        role: user.role,
        name: user.name.clone(),
        avatar: user.avatar.clone(),
        price_per_minute: user.price_per_minute,
        disabled: user.disabled,
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConnectionsClosed")]
pub(super) struct Disconnected {
    /// Connections that were closed.
    closed: usize,
}

/// `POST /api/server/users/{id}/disconnect`: closes all of a user's connections (4003: do not come back by yourself). A user
/// who is not disabled may connect again.
pub(super) async fn disconnect(shared: Data<Shared>, id: Path<UserId>) -> Answer<Disconnected> {
    let reason = "the app disconnected you";
    let closed = close(&shared, &id, CloseCode::Disabled, reason).await;
    log::info!("user disconnected user={id} connections={closed}");
    Ok(Json(Disconnected { closed }))
}

async fn close(shared: &Shared, user: &UserId, code: CloseCode, reason: &'static str) -> usize {
    let to = To::User(user.clone());
    shared.dispatch.close(to, code, reason).await
}
