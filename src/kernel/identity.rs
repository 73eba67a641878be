//! Who somebody is, once their token has been checked: the only form in which other rooms see a credential.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ids::UserId, time::Timestamp};

/// What a person, or a backend, may do. The `role` claim of a token; the list is complete.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Calls otomo.
    User,
    /// Takes calls.
    Otomo,
    /// Sees and corrects everything; never part of a call.
    Admin,
    /// A backend of the app.
    Service,
}

impl Role {
    /// Every role, in the order in which people list them.
    pub const ALL: [Role; 4] = [Role::User, Role::Otomo, Role::Admin, Role::Service];

    /// The role as the token, the wire and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Otomo => "otomo",
            Role::Admin => "admin",
            Role::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of user, otomo, admin, service")]
pub struct RoleFault;

impl FromStr for Role {
    type Err = RoleFault;

    fn from_str(text: &str) -> Result<Self, RoleFault> {
        Role::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(RoleFault)
    }
}

/// A checked token: who it speaks for, what they may do, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The `sub` claim.
    pub user: UserId,
    /// The `role` claim.
    pub role: Role,
    /// The name that others are shown. None: the token does not say, what is stored stands.
    pub name: Option<String>,
    /// The address of a picture. None: the token does not say, what is stored stands.
    pub avatar: Option<String>,
    /// Rooms that the token itself grants.
    pub rooms: Vec<String>,
    /// The `exp` claim: from then on the identity is worth nothing.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_role_has_one_spelling_in_text_and_in_json() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        for unfit in ["", "root", "Admin", "user "] {
            assert_eq!(unfit.parse::<Role>(), Err(RoleFault), "{unfit:?} passed");
        }
    }
}
