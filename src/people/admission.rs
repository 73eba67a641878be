//! Who is let in, and as whom. Pure.

use super::Person;
use crate::{
    kernel::identity::{Identity, Role},
    store::StoreError,
};

/// Why the bearer of a valid token is not let in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EntryFault {
    /// No backend has set them up, and a token alone is not enough (`users.auto_provision`).
    #[error("this user is not known here")]
    Unknown,
    /// Their token claims another role than the backend gave them, and the backend's word counts
    /// (`users.auto_provision` is off).
    #[error("this user is known as {known}, the token says {claimed}")]
    RoleDiffers {
        /// The role that is stored.
        known: Role,
        /// The role in the token.
        claimed: Role,
    },
    /// They are locked out.
    #[error("this user is disabled")]
    Disabled,
    /// Nobody can say: the store failed.
    #[error("people cannot be looked up")]
    Store(#[from] StoreError),
}

/// Decides on somebody who comes with a checked token. The person that comes out is to be stored where it differs from what
/// was stored.
///
/// # Errors
/// Every refusal but [`EntryFault::Store`].
pub fn admit(
    stored: Option<&Person>,
    identity: &Identity,
    auto_provision: bool,
) -> Result<Person, EntryFault> {
    match stored {
        Some(known) if known.disabled => Err(EntryFault::Disabled),
        Some(known) if auto_provision => Ok(updated(known, identity)),
        Some(known) if known.role != identity.role => Err(EntryFault::RoleDiffers {
            known: known.role,
            claimed: identity.role,
        }),
        Some(known) => Ok(known.clone()),
        None if auto_provision => Ok(newcomer(identity)),
        None => Err(EntryFault::Unknown),
    }
}

fn updated(known: &Person, identity: &Identity) -> Person {
    let known = known.clone();
    Person {
        role: identity.role,
        name: identity.name.clone().unwrap_or(known.name),
        avatar: identity.avatar.clone().or(known.avatar),
        ..known
    }
}

/// A person without a name is shown by the id that the app gave them.
fn newcomer(identity: &Identity) -> Person {
    let name = identity.name.clone();
    Person {
        user: identity.user.clone(),
        role: identity.role,
        name: name.unwrap_or_else(|| identity.user.to_string()),
        avatar: identity.avatar.clone(),
        price_per_minute: None,
        disabled: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Timestamp;

    fn token(role: Role, name: Option<&str>) -> Identity {
        Identity {
            user: "aiko".parse().unwrap(),
            role,
            name: name.map(str::to_owned),
            avatar: None,
            rooms: Vec::new(),
            expires_at: Timestamp::default(),
        }
    }

    fn aiko() -> Person {
        Person {
            user: "aiko".parse().unwrap(),
            role: Role::Otomo,
            name: "Aiko".to_owned(),
            avatar: Some("a.png".to_owned()),
            price_per_minute: Some(120),
            disabled: false,
        }
    }

    #[test]
    fn a_token_is_enough_only_where_people_are_provisioned_by_it() {
        let unnamed = token(Role::User, None);
        let newcomer = admit(None, &unnamed, true).unwrap();
        assert_eq!(
            (newcomer.name.as_str(), newcomer.role),
            ("aiko", Role::User)
        );
        assert!(matches!(
            admit(None, &unnamed, false),
            Err(EntryFault::Unknown)
        ));
    }

    #[test]
    fn what_a_token_does_not_say_stands() {
        let person = admit(Some(&aiko()), &token(Role::Otomo, None), true).unwrap();
        assert_eq!(person, aiko());
        let renamed = admit(Some(&aiko()), &token(Role::User, Some("A")), true).unwrap();
        let expected = Person {
            name: "A".to_owned(),
            role: Role::User,
            ..aiko()
        };
        assert_eq!(renamed, expected);
    }

    #[test]
    fn without_provisioning_the_backends_word_counts() {
        let person = admit(Some(&aiko()), &token(Role::Otomo, Some("Root")), false).unwrap();
        assert_eq!(person, aiko());
        let claims_more = token(Role::Admin, None);
        assert!(matches!(
            admit(Some(&aiko()), &claims_more, false),
            Err(EntryFault::RoleDiffers { .. })
        ));
    }

    #[test]
    fn nobody_who_is_disabled_comes_in() {
        let locked_out = Person {
            disabled: true,
            ..aiko()
        };
        for auto_provision in [true, false] {
            let refused = admit(Some(&locked_out), &token(Role::Otomo, None), auto_provision);
            assert!(matches!(refused, Err(EntryFault::Disabled)));
        }
    }
}
