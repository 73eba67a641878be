//! How a device begins a connection.

use otomo::{
    kernel::{identity::Identity, time::Timestamp},
    session::hello::{Credentials, Hello, Options},
};

use super::owner::Owner;

/// Who is online is told by what Redis keeps, which is not simulated.
const TOPICS: &str = "otomo,calls,chat,rooms,points";

/// Asks for all that there is since the last event that it has.
pub fn hello(owner: &Owner, last: u64) -> Hello {
    let identity = Identity {
        user: owner.name.parse().expect("a name"),
        role: owner.role,
        name: None,
        avatar: None,
        rooms: Vec::new(),
        expires_at: Timestamp::from_millis(i64::MAX / 2),
    };
    Hello {
        credentials: Credentials::Known(Box::new(identity)),
        options: Options {
            last_seq: Some(last),
            topics: TOPICS.parse().expect("topics"),
            versioned: true,
            device: Some(format!("d{}", owner.device).parse().expect("a name")),
            ..Options::default()
        },
        address: None,
    }
}
