//! `[calls]`: how long each step of a call may take, and what the two sides are given to connect.

use std::{num::NonZeroU32, time::Duration};

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

/// The longest that a call may ring: nobody waits longer for an answer.
const RING_MAX: Duration = Duration::from_secs(180);

/// How calls go.
#[derive(Clone, Debug)]
pub struct CallsConfig {
    /// From the request until the call counts as missed.
    pub ring_timeout: Duration,
    /// From accept to media.
    pub connect_timeout: Duration,
    /// For a lost participant of an accepted call to come back.
    pub loss_grace: Duration,
    /// For a lost participant of a ringing call to come back.
    pub ring_loss_grace: Duration,
    /// Rings in a row without an answer after which an otomo is put on break.
    pub missed_limit: Option<NonZeroU32>,
    /// After a call, before the otomo's next one rings.
    pub wrap_up: Duration,
    /// Whether an otomo whose call rings shows as busy.
    pub busy_while_ringing: bool,
    /// Whose word counts for media being up.
    pub connected_by: ConnectedBy,
    /// Between two charges of a metered call.
    pub charge_interval: Duration,
    /// What the last minute of a metered call costs if the call ends within it.
    pub partial_minute: PartialMinute,
    /// STUN servers, as the `urls` of an `RTCIceServer`.
    pub stun: Vec<String>,
    /// TURN servers, and how to get in.
    pub turn: Option<TurnConfig>,
}

/// Whose word counts for media being up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectedBy {
    /// That of both participants.
    Both,
    /// That of one of them.
    Either,
    /// That of the media server alone.
    Server,
}

/// What a minute costs that has begun and not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialMinute {
    /// Nothing.
    None,
    /// As much as a whole one.
    Full,
}

/// TURN servers with coturn's shared-secret scheme (`use-auth-secret`).
#[derive(Clone, Debug)]
pub struct TurnConfig {
    /// The servers, as the `urls` of an `RTCIceServer`; at least one.
    pub urls: Vec<String>,
    /// Shared with the servers; never with clients.
    pub secret: Secret,
    /// How long a credential made from it is good.
    pub ttl: Duration,
}

impl CallsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let instant = Duration::from_millis(10);
        let grace = Duration::ZERO..=Duration::from_mins(10);
        let (stun, turn) = ice_servers(&mut section)?;
        Ok(Self {
            ring_timeout: section.duration("ring_timeout", instant..=RING_MAX)?,
            connect_timeout: section
                .duration("connect_timeout", instant..=Duration::from_mins(10))?,
            loss_grace: section.duration("loss_grace", grace.clone())?,
            ring_loss_grace: section.duration("ring_loss_grace", grace)?,
            missed_limit: section.count_or_none("missed_limit", 1_000)?,
            wrap_up: section.duration("wrap_up", Duration::ZERO..=Duration::from_hours(24))?,
            busy_while_ringing: section.switch("busy_while_ringing")?,
            connected_by: section.choice(
                "connected_by",
                &[
                    ("both", ConnectedBy::Both),
                    ("either", ConnectedBy::Either),
                    ("server", ConnectedBy::Server),
                ],
            )?,
            charge_interval: section.duration(
                "charge_interval",
                Duration::from_millis(100)..=Duration::from_hours(1),
            )?,
            partial_minute: section.choice(
                "partial_minute",
                &[("none", PartialMinute::None), ("full", PartialMinute::Full)],
            )?,
            stun,
            turn,
        })
    }
}

fn ice_servers(
    section: &mut Section<'_>,
) -> Result<(Vec<String>, Option<TurnConfig>), ConfigFault> {
    let allowed = "addresses like stun:host:port, turn:host:port?transport=udp, turns:host:port";
    let urls = section.list("ice_servers", allowed, |text| {
        let (scheme, host) = text.split_once(':')?;
        let known = matches!(scheme, "stun" | "stuns" | "turn" | "turns");
        (known && !host.is_empty() && !host.starts_with('/')).then(|| text.to_owned())
    })?;
    let secret = section.secret("turn_secret")?;
    let ttl = section.duration(
        "turn_ttl",
        Duration::from_secs(1)..=Duration::from_hours(24 * 30),
    )?;

    let (turn, stun): (Vec<String>, Vec<String>) =
        urls.into_iter().partition(|url| url.starts_with("turn"));
    match (turn.is_empty(), secret) {
        (true, None) => Ok((stun, None)),
        (false, Some(secret)) => Ok((
            stun,
            Some(TurnConfig {
                urls: turn,
                secret,
                ttl,
            }),
        )),
        (false, None) => {
            Err(section.refuse("turn_secret", "set where ice_servers has turn: or turns:"))
        }
        (true, Some(_)) => Err(section.refuse(
            "turn_secret",
            "set only where ice_servers has turn: or turns:",
        )),
    }
}
