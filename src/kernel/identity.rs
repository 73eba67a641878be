//! Who somebody is, once their token has been checked: the only form in which other rooms see a credential.

use serde::Deserialize;

use super::{
    ids::{RoomId, UserId},
    names::named,
    time::Timestamp,
};

named! {
    /// What a person, or a backend, may do: the `role` claim of a token, and its name on the wire.
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Role {
        /// Calls otomo.
        User = "user",
        /// Takes calls.
        Otomo = "otomo",
        /// Sees and corrects everything; never part of a call.
        Admin = "admin",
        /// A backend of the app.
        Service = "service",
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

impl Identity {
    /// The rooms that the token grants; a name that is none grants nothing.
    pub fn room_ids(&self) -> Vec<RoomId> {
        let named = self.rooms.iter().map(|name| name.parse());
        named.filter_map(Result::ok).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_spelling_in_text_and_in_json() {
        for role in Role::ALL {
            let json = serde_json::to_string(role).unwrap();
            assert_eq!(json, format!("\"{role}\""));
            assert_eq!(serde_json::from_str::<Role>(&json).unwrap(), *role);
        }
    }
}
