//! Who there is in a world, and how its nodes are configured.

use std::sync::Arc;

use otomo::kernel::{
    config::{Config, Sources, load},
    identity::Role,
    ids::UserId,
};

use crate::{
    people::{device::Device, owner::Owner, stories::Stories},
    support::Dice,
};

/// Who there is: name, role, how many devices.
pub const PEOPLE: [(&str, Role, usize); 7] = [
    ("hana", Role::Otomo, 2),
    ("mika", Role::Otomo, 1),
    ("rin", Role::Otomo, 1),
    ("ann", Role::User, 1),
    ("bob", Role::User, 2),
    ("cem", Role::User, 1),
    ("dan", Role::User, 1),
];

/// Who is let into the room now and then; and who tries, and never is.
pub const GUESTS: [&str; 4] = ["hana", "ann", "bob", "cem"];
const STRANGER: &str = "dan";

/// Points that a minute of a call with her costs.
pub const PRICED: (&str, u32) = ("mika", 3);

/// Short times, so that a world sees many of each kind; and no limits that are counted on the machine's own clock.
const SETTINGS: [(&str, &str); 30] = [
    ("server.workers", "1"),
    (
        "auth.hs256_secret",
        "a secret of tests, long enough for HS256",
    ),
    ("database.statement_timeout", "1s"),
    ("redis.url", "redis://simulated"),
    ("redis.probe_interval", "500ms"),
    ("cluster.lease", "3s"),
    ("presence.leave_grace", "1500ms"),
    ("presence.reload_grace", "500ms"),
    ("presence.restart_grace", "2s"),
    ("presence.ping_interval", "2s"),
    ("presence.pong_timeout", "1s"),
    ("presence.lease", "3s"),
    ("calls.ring_timeout", "5s"),
    ("calls.connect_timeout", "4s"),
    ("calls.loss_grace", "2s"),
    ("calls.ring_loss_grace", "1s"),
    ("calls.charge_interval", "2s"),
    ("chat.typing_expire", "2s"),
    ("chat.typing_resend", "1s"),
    ("outbox.soft_limit", "1KiB"),
    ("outbox.hard_limit", "2KiB"),
    ("outbox.write_timeout", "3s"),
    ("limits.message_size", "1KiB"),
    ("rooms.max_state_bytes", "1KiB"),
    ("actions.answer_size", "1KiB"),
    ("server.drain_limit", "2s"),
    ("server.drain_spread", "1s"),
    ("limits.commands_per_second", "none"),
    ("limits.messages_per_minute", "none"),
    ("limits.calls_per_minute", "none"),
];

pub fn config() -> Arc<Config> {
    let sources = Sources::default();
    let sources = SETTINGS
        .iter()
        .fold(sources, |all, (key, value)| all.with(key, *value));
    Arc::new(load(&sources).expect("a configuration"))
}

pub fn people() -> Vec<UserId> {
    PEOPLE.map(|it| named(it.0)).to_vec()
}

pub fn named(name: &str) -> UserId {
    name.parse().expect("a name")
}

pub fn devices(stories: &Stories, dice: &mut Dice) -> Vec<Device> {
    let mut devices = Vec::new();
    for (name, role, count) in PEOPLE {
        let others = PEOPLE.iter().filter(|it| it.0 != name);
        let names = |it: &(&str, Role, usize)| it.0.to_owned();
        for device in 0..count {
            let owner = Owner {
                name: name.to_owned(),
                role,
                device,
                otomo: others
                    .clone()
                    .filter(|it| it.1 == Role::Otomo)
                    .map(names)
                    .collect(),
                comes_to_the_hall: name == STRANGER || GUESTS.contains(&name),
                others: others.clone().map(names).collect(),
            };
            devices.push(Device::new(owner, stories, dice.fork()));
        }
    }
    devices
}
