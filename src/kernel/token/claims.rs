//! What a token says, in its own form.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{Flaw, TokenFault};
use crate::kernel::{
    identity::{Identity, Role},
    ids::UserId,
    person_name,
    time::Timestamp,
};

/// The claims that we read and write. Others are passed over.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    sub: UserId,
    role: Role,
    exp: NumericDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rooms: Vec<String>,
    /// Written only: reading it is the library's part, as a token may hold a list.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// As `iss`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
}

/// Seconds since 1970, whole or not (RFC 7519, 2).
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct NumericDate(Number);

impl From<Timestamp> for NumericDate {
    fn from(time: Timestamp) -> Self {
        Self(time.unix_seconds().into())
    }
}

impl NumericDate {
    /// None: not a time, or one that cannot be written in milliseconds.
    fn time(&self) -> Option<Timestamp> {
        let seconds = self.0.as_f64().filter(|seconds| *seconds >= 0.0)?;
        let span = Duration::try_from_secs_f64(seconds).ok()?;
        i64::try_from(span.as_millis())
            .ok()
            .map(Timestamp::from_millis)
    }
}

impl Claims {
    pub(super) fn new(
        identity: &Identity,
        issuer: Option<String>,
        audience: Option<String>,
    ) -> Self {
        Self {
            sub: identity.user.clone(),
            role: identity.role,
            exp: identity.expires_at.into(),
            nbf: None,
            name: identity.name.clone(),
            avatar: identity.avatar.clone(),
            rooms: identity.rooms.clone(),
            iss: issuer,
            aud: audience,
        }
    }

    /// Who the token speaks for at `now`.
    pub(super) fn identity(self, now: Timestamp) -> Result<Identity, TokenFault> {
        let time = |date: &NumericDate| date.time().ok_or(TokenFault::Invalid(Flaw::Claims));
        let expires_at = time(&self.exp)?;
        let begins_at = self.nbf.as_ref().map(time).transpose()?;
        if begins_at.is_some_and(|begins_at| now < begins_at) {
            return Err(TokenFault::Invalid(Flaw::NotYet));
        }
        // "On or after" (RFC 7519, 4.1.4), and without leeway: clients are told in time to bring a new one.
        if now >= expires_at {
            return Err(TokenFault::Expired);
        }
        // PostgreSQL keeps no U+0000, and no address has a control character.
        let is_address = |text: &String| !text.is_empty() && !text.chars().any(char::is_control);
        Ok(Identity {
            user: self.sub,
            role: self.role,
            name: self.name.as_deref().and_then(person_name::cleaned),
            avatar: self.avatar.filter(is_address),
            rooms: self.rooms,
            expires_at,
        })
    }
}
