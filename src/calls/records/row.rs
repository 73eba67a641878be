//! A call as a row. Nothing is lost either way: a call that is read is the call that was written. `changes`: what of it changes.

mod changes;

use std::{fmt::Display, num::NonZeroU32, str::FromStr, time::Duration};

use diesel::prelude::*;

pub(super) use self::changes::Changes;
use crate::{
    calls::rules::{
        call::{Accepted, Call, Connection, Lost, Method, Phase, PhaseName, Ring, Setup, Talk},
        ending::{By, Cancellation, End, Ended, Hangup, Outcome, Rejection},
        meter::Tariff,
    },
    kernel::time::Timestamp,
    store::{Lossy, LossyIfAny, StoreError, VERSION_MAX, sql::schema::calls},
};

/// The device of a caller of whose device nothing can be read.
const UNKNOWN_DEVICE: &str = "unknown";

/// A row of `calls`, but for what clients were told of it.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calls, treat_none_as_default_value = false)]
pub(super) struct Row {
    #[diesel(deserialize_as = Lossy)]
    id: String,
    #[diesel(deserialize_as = Lossy)]
    caller_id: String,
    #[diesel(deserialize_as = Lossy)]
    otomo_id: String,
    #[diesel(deserialize_as = Lossy)]
    caller_device: String,
    #[diesel(deserialize_as = LossyIfAny)]
    otomo_device: Option<String>,
    #[diesel(deserialize_as = Lossy)]
    phase: String,
    version: i64,
    requested_at: i64,
    ring_deadline: Option<i64>,
    deadline: Option<i64>,
    accepted_at: Option<i64>,
    connected_at: Option<i64>,
    ended_at: Option<i64>,
    caller_lost_until: Option<i64>,
    otomo_lost_until: Option<i64>,
    media_lost_until: Option<i64>,
    caller_reported: bool,
    otomo_reported: bool,
    #[diesel(deserialize_as = LossyIfAny)]
    method: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    outcome: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    reason: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    ended_by: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    joined_call_id: Option<String>,
    due_at: Option<i64>,
    price: Option<i64>,
    minute: Option<i64>,
    charges: i64,
    unseen_since: Option<i64>,
}

impl From<&Call> for Row {
    fn from(call: &Call) -> Self {
        let (ring, setup, talk) = match &call.phase {
            Phase::Requesting(ring) | Phase::Ringing(ring) => (Some(ring), None, None),
            Phase::Connecting { talk, setup } => (None, Some(setup), Some(talk)),
            Phase::Connected { talk, .. } => (None, None, Some(talk)),
            Phase::Ended(_) => (None, None, None),
        };
        let (accepted, connection, ended) = (call.accepted(), call.connection(), call.ended());
        let end = ended.map(|ended| &ended.end);
        let lost = call.lost();
        Self {
            id: call.id.to_string(),
            caller_id: call.caller.to_string(),
            otomo_id: call.otomo.to_string(),
            caller_device: call.caller_device.to_string(),
            otomo_device: accepted.map(|accepted| accepted.device.to_string()),
            phase: call.phase.name().to_string(),
            version: version(call.version),
            requested_at: call.requested_at.millis(),
            ring_deadline: ring.map(|ring| ring.deadline.millis()),
            deadline: setup.map(|setup| setup.deadline.millis()),
            accepted_at: accepted.map(|accepted| accepted.at.millis()),
            connected_at: connection.map(|connection| connection.at.millis()),
            ended_at: ended.map(|ended| ended.at.millis()),
            caller_lost_until: lost.caller.map(Timestamp::millis),
            otomo_lost_until: lost.otomo.map(Timestamp::millis),
            media_lost_until: talk
                .and_then(|talk| talk.media_lost_until)
                .map(Timestamp::millis),
            caller_reported: setup.is_some_and(|setup| setup.caller_reported),
            otomo_reported: setup.is_some_and(|setup| setup.otomo_reported),
            method: connection.map(|connection| connection.method.to_string()),
            outcome: end.map(|end| end.outcome().to_string()),
            reason: end.map(|end| end.reason().to_owned()),
            ended_by: ended.map(|ended| ended.by.to_string()),
            joined_call_id: end.and_then(End::joined).map(|into| into.to_string()),
            due_at: call.due_at().map(Timestamp::millis),
            price: call.tariff.map(Tariff::price),
            minute: call.tariff.map(|tariff| millis(tariff.minute)),
            charges: call.charges().into(),
            unseen_since: talk
                .and_then(|talk| talk.unseen_since)
                .map(Timestamp::millis),
        }
    }
}

impl TryFrom<Row> for Call {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        row.call()
            .map_err(|fault| StoreError::corrupt(format!("the call {}: {fault}", row.id)))
    }
}

/// A version for the database. It counts changes of one call.
pub(super) fn version(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// What is wrong with a row: the column, and what stands there.
pub(super) type Fault = String;

impl Row {
    /// The id as it stands there.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether its people are taken by it.
    pub(super) fn is_live(&self) -> bool {
        self.phase != PhaseName::Ended.as_str()
    }

    /// When a sweeper looks at it, as it stands there.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.due_at.map(Timestamp::from_millis)
    }

    /// Whether both of its people are one.
    pub(super) fn is_of_one(&self) -> bool {
        self.caller_id == self.otomo_id
    }

    pub(super) fn call(&self) -> Result<Call, Fault> {
        if self.is_of_one() {
            let live = if self.is_live() {
                ", and it is live"
            } else {
                ""
            };
            return Err(format!(
                "caller_id and otomo_id are both {:?}{live}",
                self.otomo_id
            ));
        }
        Ok(Call {
            id: parsed("id", &self.id)?,
            caller: parsed("caller_id", &self.caller_id)?,
            caller_device: parsed("caller_device", &self.caller_device)?,
            otomo: parsed("otomo_id", &self.otomo_id)?,
            requested_at: Timestamp::from_millis(self.requested_at),
            tariff: self.tariff()?,
            version: self.readable_version()?,
            phase: self.phase()?,
        })
    }

    /// One that is too high could not be raised, so nothing would ever happen in the call.
    fn readable_version(&self) -> Result<u64, Fault> {
        let version = u64::try_from(self.version).map_err(|fault| format!("version: {fault}"))?;
        match self.version <= VERSION_MAX {
            true => Ok(version),
            false => Err(format!("version is {version}: nothing changes so often")),
        }
    }

    fn tariff(&self) -> Result<Option<Tariff>, Fault> {
        let Some(price) = self.price else {
            return Ok(None);
        };
        let price = u32::try_from(price).ok().and_then(NonZeroU32::new);
        let minute = there("minute", self.minute)?;
        let minute = u64::try_from(minute).ok().filter(|minute| *minute > 0);
        match (price, minute.map(Duration::from_millis)) {
            (Some(price), Some(minute)) => Ok(Some(Tariff { price, minute })),
            (None, _) => Err(format!("price is {:?}", self.price)),
            (_, None) => Err(format!("minute is {:?}", self.minute)),
        }
    }

    fn phase(&self) -> Result<Phase, Fault> {
        Ok(match parsed("phase", &self.phase)? {
            PhaseName::Requesting => Phase::Requesting(self.ring()?),
            PhaseName::Ringing => Phase::Ringing(self.ring()?),
            PhaseName::Connecting => Phase::Connecting {
                talk: self.talk()?,
                setup: Setup {
                    deadline: time("deadline", self.deadline)?,
                    caller_reported: self.caller_reported,
                    otomo_reported: self.otomo_reported,
                },
            },
            PhaseName::Connected => Phase::Connected {
                talk: self.talk()?,
                connection: self.connection()?,
            },
            PhaseName::Ended => Phase::Ended(Ended {
                at: time("ended_at", self.ended_at)?,
                by: parsed("ended_by", there("ended_by", self.ended_by.as_deref())?)?,
                end: self.end()?,
            }),
        })
    }

    fn ring(&self) -> Result<Ring, Fault> {
        Ok(Ring {
            deadline: time("ring_deadline", self.ring_deadline)?,
            lost: self.lost(),
        })
    }

    fn talk(&self) -> Result<Talk, Fault> {
        Ok(Talk {
            accepted: self.accepted()?,
            lost: self.lost(),
            media_lost_until: self.media_lost_until.map(Timestamp::from_millis),
            unseen_since: self.unseen_since.map(Timestamp::from_millis),
        })
    }

    fn lost(&self) -> Lost {
        Lost {
            caller: self.caller_lost_until.map(Timestamp::from_millis),
            otomo: self.otomo_lost_until.map(Timestamp::from_millis),
        }
    }

    fn accepted(&self) -> Result<Accepted, Fault> {
        let device = there("otomo_device", self.otomo_device.as_deref())?;
        Ok(Accepted {
            device: parsed("otomo_device", device)?,
            at: time("accepted_at", self.accepted_at)?,
        })
    }

    fn connection(&self) -> Result<Connection, Fault> {
        Ok(Connection {
            at: time("connected_at", self.connected_at)?,
            method: parsed("method", there("method", self.method.as_deref())?)?,
            charges: u32::try_from(self.charges).map_err(|fault| format!("charges: {fault}"))?,
        })
    }

    /// The nearest call that can be read, over: what a row that cannot be read is mended to. All of it that can be read stays. One
    /// without a time of its end ended at `at`, if that is not before all that had happened in it; `last_line` is the last version
    /// of which its timeline tells. `None` if not even its id and its people can be read.
    pub(super) fn nearest(&self, at: Timestamp, last_line: Option<i64>) -> Option<Call> {
        let happened = [Some(self.requested_at), self.accepted_at, self.connected_at];
        let happened = happened.into_iter().flatten().max();
        let at = self.ended_at.or(happened.max(Some(at.millis())));
        let ended = Ended {
            at: Timestamp::from_millis(at?),
            by: read(self.ended_by.as_deref()).unwrap_or(By::System),
            end: self.end().unwrap_or_else(|_| self.nearest_end()),
        };
        Some(Call {
            id: self.id.parse().ok()?,
            caller: self.caller_id.parse().ok()?,
            otomo: self.otomo_id.parse().ok()?,
            caller_device: self.caller_device.parse().or(UNKNOWN_DEVICE.parse()).ok()?,
            requested_at: Timestamp::from_millis(self.requested_at),
            tariff: self.tariff().ok().flatten(),
            version: self.nearest_version(last_line),
            phase: Phase::Ended(ended),
        })
    }

    /// The version after the last that is known, so that people take it for news. The first one is that of calls which were over the
    /// moment they were stored: of one that was not people hear, and of one that was the otomo still does not.
    fn nearest_version(&self, last_line: Option<i64>) -> u64 {
        let known = [Some(self.version), last_line].into_iter().flatten();
        let known = known.filter(|version| *version < VERSION_MAX).max();
        match known.and_then(|it| u64::try_from(it).ok()).unwrap_or(0) {
            Call::FIRST_VERSION if !self.is_live() => Call::FIRST_VERSION,
            known => known.max(Call::FIRST_VERSION).saturating_add(1),
        }
    }

    /// How far it had come says more than an outcome that does not go with that.
    fn nearest_end(&self) -> End {
        let reason = self.reason.as_deref();
        if let Some(accepted) = self.nearest_accepted() {
            return End::HungUp {
                accepted,
                connection: self.nearest_connection(),
                reason: read(reason).unwrap_or(Hangup::SystemError),
            };
        }
        match read(self.outcome.as_deref()) {
            Some(Outcome::Missed) => End::Missed,
            Some(Outcome::Cancelled) => {
                End::Cancelled(read(reason).unwrap_or(Cancellation::CallerLost))
            }
            Some(Outcome::Rejected | Outcome::Failed | Outcome::Completed) | None => {
                End::Rejected(read(reason).unwrap_or(Rejection::SystemError))
            }
        }
    }

    /// Its time says that it was accepted, whichever device it was.
    fn nearest_accepted(&self) -> Option<Accepted> {
        let at = self.accepted_at.or(self.connected_at)?;
        let device = read(self.otomo_device.as_deref()).or(UNKNOWN_DEVICE.parse().ok())?;
        Some(Accepted {
            device,
            at: Timestamp::from_millis(at),
        })
    }

    /// Its time says that media was up, whatever else is not known.
    fn nearest_connection(&self) -> Option<Connection> {
        let at = Timestamp::from_millis(self.connected_at?);
        let charges = self.charges.clamp(0, i64::from(u32::MAX));
        Some(Connection {
            at,
            method: read(self.method.as_deref()).unwrap_or(Method::PeerReport),
            charges: u32::try_from(charges).unwrap_or(u32::MAX),
        })
    }

    /// The outcome and the reason together say which end it was; joined calls name another.
    fn end(&self) -> Result<End, Fault> {
        let outcome = there("outcome", self.outcome.as_deref())?;
        let reason = there("reason", self.reason.as_deref())?;
        let hung_up = |connection| {
            Ok::<_, Fault>(End::HungUp {
                accepted: self.accepted()?,
                connection,
                reason: parsed("reason", reason)?,
            })
        };
        match (parsed("outcome", outcome)?, &self.joined_call_id) {
            (Outcome::Rejected, _) => parsed("reason", reason).map(End::Rejected),
            (Outcome::Cancelled, None) => parsed("reason", reason).map(End::Cancelled),
            (Outcome::Cancelled, Some(into)) => Ok(End::Joined {
                into: parsed("joined_call_id", into)?,
            }),
            (Outcome::Missed, _) => Ok(End::Missed),
            (Outcome::Failed, _) => hung_up(None),
            (Outcome::Completed, _) => hung_up(Some(self.connection()?)),
        }
    }
}

fn read<T: FromStr>(column: Option<&str>) -> Option<T> {
    column?.parse().ok()
}

fn there<T>(column: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| format!("{column} is missing"))
}

fn time(column: &str, value: Option<i64>) -> Result<Timestamp, Fault> {
    there(column, value).map(Timestamp::from_millis)
}

fn parsed<T: FromStr>(column: &str, text: &str) -> Result<T, Fault>
where
    T::Err: Display,
{
    text.parse()
        .map_err(|fault| format!("{column} is {text:?}: {fault}"))
}
