//! Who may be in a room, and how an event behaves that says nothing of it. Pure.

use serde::Deserialize;

use crate::{
    delivery::rooms::Stay,
    kernel::{
        ids::{RoomId, UserId},
        names::named,
        time::Timestamp,
    },
    protocol::spec::{self, Spec},
};

/// The most members to whom a durable event for a room goes.
pub const DURABLE_MEMBERS_MAX: usize = 1_000;

/// The most users whom one event names.
pub const USERS_MAX: usize = 1_000;

/// The most inbox rows that one request stores: its transaction makes every other writer wait.
pub const PLACES_MAX: usize = 10_000;

/// Where states are kept that are for everybody. No room has this name.
pub const EVERYONE: &str = "*";

/// The longest key of a state, in bytes.
pub const KEY_MAX_BYTES: usize = 128;

named! {
    /// How an event of a backend behaves.
    #[derive(Deserialize)]
    #[schemars(rename = "PublishedKind")]
    #[serde(rename_all = "lowercase")]
    pub enum Kind {
        /// In the inbox of each recipient: never lost.
        Durable = "durable",
        /// Only the newest of a key matters.
        State = "state",
        /// Said to those who are there.
        Ephemeral = "ephemeral",
    }
}

/// That a backend lets a user into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// From when on it is worth nothing; `None`: it has no end.
    pub expires_at: Option<Timestamp>,
}

/// Why a user may be in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It is the room of their own connections.
    Own,
    /// Their token says so (claim `rooms`).
    Claim,
    /// A backend says so.
    Granted(Grant),
}

impl Right {
    /// How long whoever joins with it may be in the room.
    pub const fn stay(self) -> Stay {
        match self {
            Self::Own | Self::Claim => Stay::Session,
            Self::Granted(grant) => Stay::Granted(grant.expires_at),
        }
    }

    /// Until when it holds by itself; a claim holds as long as its token.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Own | Self::Claim => None,
            Self::Granted(grant) => grant.expires_at,
        }
    }
}

/// Why a user may be in a room `now`; `None` if they may not.
pub fn right(
    user: &UserId,
    room: &RoomId,
    claims: &[RoomId],
    grant: Option<Grant>,
    now: Timestamp,
) -> Option<Right> {
    if let Some(owner) = owner(room) {
        // Nobody else's, whatever a token or a backend says.
        return (owner == user.as_str()).then_some(Right::Own);
    }
    if room.as_str() == EVERYONE {
        return None;
    }
    if claims.contains(room) {
        return Some(Right::Claim);
    }
    grant
        .filter(|grant| grant.expires_at.is_none_or(|end| end > now))
        .map(Right::Granted)
}

/// The user whose own room it is, if it is somebody's.
pub fn owner(room: &RoomId) -> Option<&str> {
    room.as_str().strip_prefix(RoomId::USER_PREFIX)
}

/// Whether nobody can be let into a room: those of users are theirs, and that of everybody is no room.
pub fn is_closed(room: &RoomId) -> bool {
    owner(room).is_some() || room.as_str() == EVERYONE
}

/// How an event behaves whose backend does not say: as its type does, and one of the app's own by whether it has a key.
pub fn kind(known: Option<Spec>, has_key: bool) -> Kind {
    match known.map(|spec| spec.kind) {
        Some(spec::Kind::Durable) => Kind::Durable,
        Some(spec::Kind::State) => Kind::State,
        Some(spec::Kind::Preamble | spec::Kind::Control | spec::Kind::Ephemeral) => Kind::Ephemeral,
        None if has_key => Kind::State,
        None => Kind::Ephemeral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::Event;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> T {
        name.parse().unwrap()
    }

    #[test]
    fn a_users_own_room_is_theirs_alone_and_always() {
        let room: RoomId = id("user_taro");
        let now = Timestamp::from_millis(0);
        let grant = Some(Grant { expires_at: None });
        let claims = [room.clone()];
        assert_eq!(right(&id("taro"), &room, &[], None, now), Some(Right::Own));
        assert_eq!(right(&id("hana"), &room, &claims, grant, now), None);
        assert_eq!(right(&id("taro_2"), &room, &claims, grant, now), None);
    }

    #[test]
    fn another_room_needs_a_claim_or_a_grant_that_has_not_ended() {
        let (taro, room): (UserId, RoomId) = (id("taro"), id("game_7"));
        let at = Timestamp::from_millis;
        let until = |end| {
            Some(Grant {
                expires_at: Some(at(end)),
            })
        };
        assert_eq!(right(&taro, &room, &[], None, at(5)), None);
        assert_eq!(right(&taro, &room, &[id("game_70")], None, at(5)), None);
        assert_eq!(
            right(&taro, &room, &[id("game_7")], until(1), at(5)),
            Some(Right::Claim)
        );
        assert_eq!(right(&taro, &room, &[], until(5), at(5)), None);
        let held = right(&taro, &room, &[], until(6), at(5)).unwrap();
        assert_eq!(held.until(), Some(at(6)));
    }

    #[test]
    fn an_event_behaves_as_its_type_unless_its_backend_says_more() {
        let of = |name, has_key| kind(Event::known_spec(name), has_key);
        assert_eq!(of("sp_update", false), Kind::Durable);
        assert_eq!(of("player_status_update", false), Kind::State);
        assert_eq!(of("narrative_update", false), Kind::Ephemeral);
        assert_eq!(of("boss_spawned", false), Kind::Ephemeral);
        assert_eq!(of("boss_health", true), Kind::State);
    }
}
