//! What the coordinator asks of the store, one transaction each: read the facts, let the rules decide, write what follows.
//!
//! A job may be run again after a transaction was lost. It finds the call as it is by then, so the second run of a command
//! that was stored after all is a repeat of it and changes nothing.
//!
//! Both people are locked first, as far as they are otomo (see `presence::records`), so that of two requests to one otomo
//! the second one sees the first.

use super::{
    records::{
        self, Saved,
        facts::{self, Circumstances},
        sweep::{self, Mark},
        timeline,
    },
    rules::{
        call::{Call, Side},
        command::Command,
        effect::{Durable, Spoken, Step},
        meter::{Charge, Moment},
        policy::Policy,
        refusal::Refusal,
        request::{self, Request},
        speech,
        step::advance,
    },
};
use crate::{
    delivery::inbox::{self, Seq, records::NewEvent},
    kernel::ids::{CallId, EventId},
    people::{self, Person},
    points::{
        PointsFault,
        order::{Key, Order, Purpose},
        rules::{Amount, Change},
        told::Told,
        transactions as ledger,
    },
    presence::{self, records::calling, rules::StatusChange},
    protocol::{event::CallMissed, frame::Frame},
    store::{StoreError, Tx},
};

/// The most calls that one sweep brings back. What is left is found by the next.
const SWEEP_MAX: i64 = 256;

/// What the rules of this room and of the one below need to know of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policies {
    pub(super) calls: Policy,
    pub(super) presence: presence::rules::Policy,
}

/// A command on its way through the store.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// Somebody wants to open a call.
    Request(Request, Circumstances),
    /// Something comes to a call.
    Command(CallId, Command),
    /// People may not have been told of a call's last change.
    Restate(CallId),
}

/// What a transaction came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What was stored and is to be said, in this order.
    pub(super) steps: Vec<Stored>,
    /// Why the command itself was not taken.
    pub(super) refusal: Option<Refusal>,
}

/// A step whose durable half is stored, with what its other half refers to.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) step: Step,
    /// The statuses that settling changed.
    pub(super) changes: Vec<StatusChange>,
    /// Who calls, if the step rings.
    pub(super) caller: Option<Person>,
    /// What was left in the otomo's inbox.
    pub(super) missed: Option<(Seq, Frame)>,
    /// What was left in the caller's.
    pub(super) charged: Option<Told>,
    /// What people will know once the step is said; `None` if it is not news.
    pub(super) mark: Option<Mark>,
}

/// What a sweep found.
#[derive(Debug)]
pub(super) struct Found {
    /// Calls whose time has come.
    pub(super) due: Vec<CallId>,
    /// Calls whose last change people should have been told of by now.
    pub(super) unspoken: Vec<CallId>,
}

/// Why a transaction stored nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unstored {
    /// Another node stored a change of the same call, or a call with the same person, first. Decided again, on what is
    /// stored by now, the command may come out differently.
    #[error("another change was stored first")]
    Outrun,
    /// The store failed.
    #[error("the call could not be stored")]
    Store(#[source] StoreError),
}

impl From<StoreError> for Unstored {
    /// The keys of this room's tables are taken by others only in a race.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Outrun,
            error => Self::Store(error),
        }
    }
}

impl From<PointsFault> for Unstored {
    /// A charge is made only if the points reach, so a refusal means that the facts are not what they were.
    fn from(fault: PointsFault) -> Self {
        match fault {
            PointsFault::Store(error) => error.into(),
            PointsFault::Insufficient { .. } => Self::Outrun,
            fault @ (PointsFault::Invalid { .. }
            | PointsFault::KeyReused
            | PointsFault::Overflow { .. }
            | PointsFault::Stopped) => Self::Store(StoreError::corrupt(format!(
                "a charge was refused: {fault}"
            ))),
        }
    }
}

impl Job {
    /// Runs in a transaction of the store.
    pub(super) fn run(&self, tx: &mut Tx<'_>, policies: &Policies) -> Result<Outcome, Unstored> {
        match self {
            Self::Request(request, circumstances) => open(tx, request, *circumstances, policies),
            Self::Command(call, command) => command_call(tx, *call, command, policies),
            Self::Restate(call) => restate(tx, *call),
        }
    }
}

/// Notes what people were told.
pub(super) fn note(tx: &mut Tx<'_>, marks: &[Mark]) -> Result<(), StoreError> {
    marks
        .iter()
        .try_for_each(|mark| sweep::mark_spoken(tx, mark))
}

/// Looks for what waits for somebody.
pub(super) fn sweep(tx: &mut Tx<'_>) -> Result<Found, StoreError> {
    let now = tx.now();
    Ok(Found {
        due: sweep::due(tx, now, SWEEP_MAX)?,
        unspoken: sweep::unspoken(tx, now, SWEEP_MAX)?,
    })
}

fn open(
    tx: &mut Tx<'_>,
    request: &Request,
    circumstances: Circumstances,
    policies: &Policies,
) -> Result<Outcome, Unstored> {
    presence::records::lock_all(tx, &[&request.caller.user, &request.otomo])?;
    let facts = facts::read(tx, request, circumstances)?;
    match request::open(request, &facts, tx.now(), &policies.calls) {
        Ok(steps) => write_all(tx, steps, policies),
        Err(refusal) => Ok(Outcome::refused(refusal)),
    }
}

fn command_call(
    tx: &mut Tx<'_>,
    call: CallId,
    command: &Command,
    policies: &Policies,
) -> Result<Outcome, Unstored> {
    let unknown = || Ok(Outcome::refused(Refusal::NotParticipant));
    let Some(people) = records::people(tx, call)? else {
        return unknown();
    };
    presence::records::lock_all(tx, &people.each_ref())?;
    let Some(call) = records::find(tx, call)? else {
        return unknown();
    };
    let moment = Moment {
        now: tx.now(),
        balance: facts::balance(tx, &call)?,
    };
    let advance = advance(&call, command, moment, &policies.calls);
    let (step, refusal) = match advance.outcome {
        Ok(step) => (Some(step), None),
        Err(refusal) => (None, Some(refusal)),
    };
    let steps = advance.overdue.into_iter().chain(step);
    let outcome = write_all(tx, steps, policies)?;
    Ok(Outcome { refusal, ..outcome })
}

/// The call's last change once more, unless somebody has told of it meanwhile.
fn restate(tx: &mut Tx<'_>, call: CallId) -> Result<Outcome, Unstored> {
    if !sweep::is_unspoken(tx, call)? {
        return Ok(Outcome::default());
    }
    let Some(next) = records::find(tx, call)? else {
        return Ok(Outcome::default());
    };
    let mark = Mark {
        call,
        // All there is to know is said: nothing before it is missing.
        after: 0,
        up_to: next.version,
    };
    let balance = facts::balance(tx, &next)?;
    let step = Step {
        spoken: speech::restate(&next, balance),
        durable: Vec::new(),
        next,
    };
    Ok(Outcome {
        steps: vec![Stored {
            mark: Some(mark),
            caller: caller(tx, &step)?,
            ..Stored::new(step)
        }],
        refusal: None,
    })
}

fn write_all(
    tx: &mut Tx<'_>,
    steps: impl IntoIterator<Item = Step>,
    policies: &Policies,
) -> Result<Outcome, Unstored> {
    let stored = steps.into_iter().map(|step| write(tx, step, policies));
    Ok(Outcome {
        steps: stored.collect::<Result<_, _>>()?,
        refusal: None,
    })
}

/// Writes the durable half of a step, in its order.
fn write(tx: &mut Tx<'_>, step: Step, policies: &Policies) -> Result<Stored, Unstored> {
    let mut stored = Stored {
        caller: caller(tx, &step)?,
        ..Stored::new(step)
    };
    let call = &stored.step.next;
    for durable in &stored.step.durable {
        match *durable {
            Durable::Persist(event, by) => {
                persist(tx, call)?;
                timeline::append(tx, call, event, by)?;
                stored.mark = Some(Mark {
                    call: call.id,
                    after: call.version - 1,
                    up_to: call.version,
                });
            }
            Durable::Note(event, by) => timeline::append(tx, call, event, by)?,
            Durable::Charge(charge) => stored.charged = take(tx, call, charge)?,
            Durable::Reserve => records::reserve(tx, call)?,
            Durable::Release => records::release(tx, call.id)?,
            Durable::CountMissed => calling::count_missed(tx, &call.otomo, &policies.presence)?,
            Durable::ResetMissed => calling::reset_missed(tx, &call.otomo)?,
            Durable::WrapUp { until } => calling::wrap_up(tx, &call.otomo, until)?,
            Durable::Settle => {
                for side in Side::ALL {
                    let person = call.person(*side);
                    let change = presence::records::settle(tx, person, &policies.presence)?;
                    stored.changes.extend(change);
                }
            }
            Durable::LeaveMissed => stored.missed = leave_missed(tx, call)?,
        }
    }
    Ok(stored)
}

fn persist(tx: &mut Tx<'_>, call: &Call) -> Result<(), Unstored> {
    if call.version == 1 {
        return Ok(records::insert(tx, call)?);
    }
    match records::update(tx, call)? {
        Saved::Updated => Ok(()),
        Saved::Stale | Saved::Missing => Err(Unstored::Outrun),
    }
}

/// Takes a charge from the caller's points; `None` if it was taken before.
fn take(tx: &mut Tx<'_>, call: &Call, charge: Charge) -> Result<Option<Told>, Unstored> {
    let amount = Amount::try_from(charge.points)
        .map_err(|fault| StoreError::corrupt(format!("a charge of {}: {fault}", call.id)))?;
    let metadata = serde_json::Map::from_iter([
        ("callId".to_owned(), call.id.to_string().into()),
        ("otomoId".to_owned(), call.otomo.to_string().into()),
        ("tickNumber".to_owned(), charge.number.into()),
    ]);
    let purpose = Purpose {
        transaction_type: "call_charge".to_owned(),
        description: format!("minute {} of a call", charge.number),
        action: "call".to_owned(),
        metadata,
    };
    let key = Key::charge(call.id, charge.number);
    let order = Order::new(call.caller.clone(), key, Change::Consume(amount), purpose)?;
    match ledger::apply(tx, &order)? {
        ledger::Outcome::Applied { told, .. } => Ok(Some(told)),
        ledger::Outcome::Repeated(_) => Ok(None),
        // The balance is not what it was when the rules looked at it.
        ledger::Outcome::Insufficient { .. } => Err(Unstored::Outrun),
    }
}

/// `call_missed` into the otomo's inbox.
fn leave_missed(tx: &mut Tx<'_>, call: &Call) -> Result<Option<(Seq, Frame)>, StoreError> {
    let caller = person(tx, call)?;
    let event = CallMissed {
        call_id: call.id,
        from_user_id: caller.user,
        from_user_name: caller.name,
        timestamp: call.requested_at.unix_seconds(),
    };
    let frame = Frame::new(&event.into());
    let missed = NewEvent::of(EventId::new(), &frame)?;
    let recipient = std::slice::from_ref(&call.otomo);
    let places = inbox::records::append(tx, &missed, recipient)?;
    let place = places.into_iter().next();
    Ok(place.map(|(_, seq)| (seq, frame)))
}

/// Who calls, if the step rings somebody.
fn caller(tx: &mut Tx<'_>, step: &Step) -> Result<Option<Person>, StoreError> {
    let rings = |spoken: &Spoken| matches!(spoken, Spoken::Ring(_));
    let rings = step.spoken.iter().any(rings);
    rings.then(|| person(tx, &step.next)).transpose()
}

fn person(tx: &mut Tx<'_>, call: &Call) -> Result<Person, StoreError> {
    let unknown = || StoreError::corrupt(format!("the caller of {} is unknown", call.id));
    people::records::find(tx, &call.caller)?.ok_or_else(unknown)
}

impl Outcome {
    fn refused(refusal: Refusal) -> Self {
        Self {
            steps: Vec::new(),
            refusal: Some(refusal),
        }
    }
}

impl Stored {
    /// A step that wrote nothing.
    pub(super) fn new(step: Step) -> Self {
        Self {
            step,
            changes: Vec::new(),
            caller: None,
            missed: None,
            charged: None,
            mark: None,
        }
    }
}
