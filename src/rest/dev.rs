//! `/dev`, in development mode only: the demo page borrows identities, since no app gives it any. Elsewhere these paths do not
//! exist.

use std::time::Duration;

use actix_web::web::{self, Data, Json};
use serde::{Deserialize, Serialize};

use super::{Answer, Shared, body::Body, error::ApiError};
use crate::{
    contract::reading,
    kernel::{
        identity::{Identity, Role},
        ids::UserId,
        iso::Iso,
        logging::chain,
        token::{Issuer, KeyFault, SignFault},
    },
    protocol::error_code::ErrorCode,
};

/// How long a token is good: short enough that a demo lives through a renewal.
const TTL: Duration = Duration::from_hours(1);

pub(super) fn routes(routes: &mut web::ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/dev/people").route(reading().to(people)))
        .service(at("/dev/token").post(token));
}

/// Somebody to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DevPerson {
    user_id: &'static str,
    role: Role,
    name: &'static str,
}

const fn person(user_id: &'static str, role: Role, name: &'static str) -> DevPerson {
    DevPerson {
        user_id,
        role,
        name,
    }
}

/// Enough for a small town: some who call, some who are called.
const PEOPLE: [DevPerson; 6] = [
    person("dev-kenta", Role::User, "健太"),
    person("dev-yumi", Role::User, "由美"),
    person("dev-emma", Role::User, "Emma"),
    person("dev-sakura", Role::Otomo, "さくら"),
    person("dev-misaki", Role::Otomo, "美咲"),
    person("dev-noah", Role::Otomo, "Noah"),
];

/// `GET /dev/people`
async fn people() -> Answer<[DevPerson; PEOPLE.len()]> {
    Ok(Json(PEOPLE))
}

/// Whom a token should speak for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    user_id: UserId,
    role: Role,
    name: Option<String>,
    avatar: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lent {
    token: String,
    expires_at: Iso,
}

/// `POST /dev/token`
async fn token(shared: Data<Shared>, Body(wanted): Body<Wanted>) -> Answer<Lent> {
    let expires_at = shared.store.now() + TTL;
    let identity = Identity {
        user: wanted.user_id,
        role: wanted.role,
        name: wanted.name,
        avatar: wanted.avatar,
        rooms: Vec::new(),
        expires_at,
    };
    // Reads a small file each time: people borrow identities once in a while.
    let token = Issuer::new(&shared.config.auth.now())?.sign(&identity)?;
    Ok(Json(Lent {
        token,
        expires_at: expires_at.into(),
    }))
}

impl From<KeyFault> for ApiError {
    fn from(fault: KeyFault) -> Self {
        unsigned(&fault)
    }
}

impl From<SignFault> for ApiError {
    fn from(fault: SignFault) -> Self {
        unsigned(&fault)
    }
}

fn unsigned(cause: &dyn std::error::Error) -> ApiError {
    log::error!("token not signed cause={}", chain(cause));
    ApiError::new(ErrorCode::InternalError, "the token could not be signed")
}
