//! Who becomes a friend of whom. Pure.
//!
//! ```text
//!              one asks                    the other asks, too
//!   strangers ----------> one has asked --------------------------> friends
//!       ^                       | either takes it back or refuses       | either ends it
//!       +-----------------------+---------------------------------------+
//! ```
//! Both see the same from their own side: what is `outgoing` for one is `incoming` for the other. What is asked twice is
//! asked once.

use std::num::NonZeroU32;

use crate::kernel::names::named;

named! {
    /// What somebody is to a user.
    #[schemars(rename = "FriendStanding")]
    pub enum Standing {
        /// The user has asked them.
        Outgoing = "outgoing",
        /// They have asked the user.
        Incoming = "incoming",
        /// The two are friends.
        Friend = "friend",
    }
}

impl Standing {
    /// The same from the other side.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Standing::Outgoing => Standing::Incoming,
            Standing::Incoming => Standing::Outgoing,
            Standing::Friend => Standing::Friend,
        }
    }
}

/// How many of each somebody has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Whom they have asked.
    pub outgoing: u32,
    /// Who has asked them.
    pub incoming: u32,
    /// Friends.
    pub friends: u32,
}

/// How many of each somebody may have. None: any number.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Friends.
    pub friends: Option<NonZeroU32>,
    /// Whom they have asked, and who has asked them, each.
    pub requests: Option<NonZeroU32>,
}

/// What follows from asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is so already.
    None(Standing),
    /// The request is open from now on.
    Ask,
    /// The two are friends from now on.
    Befriend,
}

/// Whose bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The asker's.
    Own,
    /// That of the one who is asked.
    Theirs,
}

/// Why nothing follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// One of them has so many friends already.
    Friends(Side, NonZeroU32),
    /// The asker has asked so many, or so many have asked the other.
    Requests(Side, NonZeroU32),
}

/// What follows when somebody asks somebody who is `standing` to them.
pub fn ask(
    standing: Option<Standing>,
    own: Count,
    theirs: Count,
    bounds: Bounds,
) -> Result<Step, Refusal> {
    let room_for_friends = || {
        below(own.friends, bounds.friends).map_err(|max| Refusal::Friends(Side::Own, max))?;
        below(theirs.friends, bounds.friends).map_err(|max| Refusal::Friends(Side::Theirs, max))
    };
    match standing {
        Some(as_before @ (Standing::Outgoing | Standing::Friend)) => Ok(Step::None(as_before)),
        Some(Standing::Incoming) => room_for_friends().map(|()| Step::Befriend),
        None => {
            room_for_friends()?;
            let (asked, asking) = (own.outgoing, theirs.incoming);
            below(asked, bounds.requests).map_err(|max| Refusal::Requests(Side::Own, max))?;
            below(asking, bounds.requests).map_err(|max| Refusal::Requests(Side::Theirs, max))?;
            Ok(Step::Ask)
        }
    }
}

fn below(count: u32, bound: Option<NonZeroU32>) -> Result<(), NonZeroU32> {
    match bound {
        Some(max) if count >= max.get() => Err(max),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        friends: NonZeroU32::new(2),
        requests: NonZeroU32::new(1),
    };

    fn count(outgoing: u32, incoming: u32, friends: u32) -> Count {
        Count {
            outgoing,
            incoming,
            friends,
        }
    }

    #[test]
    fn asking_opens_a_request_accepts_one_or_changes_nothing() {
        let none = Count::default();
        let asks = |standing| ask(standing, none, none, BOUNDS);
        assert_eq!(asks(None), Ok(Step::Ask));
        assert_eq!(asks(Some(Standing::Incoming)), Ok(Step::Befriend));
        for as_before in [Standing::Outgoing, Standing::Friend] {
            assert_eq!(asks(Some(as_before)), Ok(Step::None(as_before)));
        }
    }

    #[test]
    fn nobody_gets_more_than_the_bounds_say() {
        let (none, max) = (Count::default(), |n| NonZeroU32::new(n).unwrap());
        let full = count(0, 0, 2);
        for standing in [None, Some(Standing::Incoming)] {
            let own = ask(standing, full, none, BOUNDS);
            assert_eq!(own, Err(Refusal::Friends(Side::Own, max(2))));
            let theirs = ask(standing, none, full, BOUNDS);
            assert_eq!(theirs, Err(Refusal::Friends(Side::Theirs, max(2))));
        }
        let asked = ask(None, count(1, 0, 0), none, BOUNDS);
        assert_eq!(asked, Err(Refusal::Requests(Side::Own, max(1))));
        let asking = ask(None, none, count(0, 1, 0), BOUNDS);
        assert_eq!(asking, Err(Refusal::Requests(Side::Theirs, max(1))));
        // Whoever was asked may accept, however many they have asked themselves.
        let accepted = ask(Some(Standing::Incoming), count(1, 1, 0), none, BOUNDS);
        assert_eq!(accepted, Ok(Step::Befriend));
    }

    #[test]
    fn both_sides_see_the_same() {
        for standing in Standing::ALL {
            assert_eq!(standing.mirrored().mirrored(), *standing);
        }
        assert_eq!(
            Standing::Friend.as_str(),
            crate::people::circle::FRIEND,
            "one word for it in the database"
        );
    }
}
