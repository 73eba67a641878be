//! What an admin can have done about a broken call while servers run: the same as a repair would do, for one call or one person.

use diesel::prelude::*;

use super::broken::{self, State, Unreadable};
use crate::{
    calls::rules::call::Call,
    kernel::ids::{CallId, UserId},
    presence::{
        self,
        rules::{Policy, StatusChange},
    },
    store::{StoreError, Tx, run, sql::schema::live_participants},
};

/// What was done to let somebody go.
#[derive(Debug, Default)]
pub(in crate::calls) struct LetGo {
    /// The call that was closed for it.
    pub(in crate::calls) call: Option<CallId>,
    /// What people have to be told.
    pub(in crate::calls) changes: Vec<StatusChange>,
}

/// Lets somebody go who is held by a call that is over, not there, of others, or cannot be read. A live call of theirs that
/// can be read stays: the rules end it.
pub(in crate::calls) fn let_go(
    tx: &mut Tx<'_>,
    user: &UserId,
    policy: &Policy,
) -> Result<LetGo, StoreError> {
    presence::records::lock_all(tx, &[user])?;
    let held: Option<String> = run!(tx, |c| live_participants::table
        .find(user.as_str())
        .select(live_participants::call_id)
        .get_result(c)
        .optional())?;
    let Some(held) = held else {
        return Ok(LetGo::default());
    };
    let now = tx.now();
    match broken::state(tx, &held, now)? {
        State::Sound(call) if call.is_live() && call.side(user).is_some() => Ok(LetGo::default()),
        State::Broken(Unreadable {
            over: Some(over),
            live,
            ..
        }) if over.side(user).is_some() => Ok(LetGo {
            call: Some(over.id),
            changes: put_over(tx, &over, live, policy)?,
        }),
        State::Missing | State::Sound(_) | State::Broken(_) => {
            let own = live_participants::table.find(user.as_str());
            run!(tx, |c| diesel::delete(own).execute(c))?;
            let change = presence::records::settle(tx, user, policy)?;
            Ok(LetGo {
                call: None,
                changes: change.into_iter().collect(),
            })
        }
    }
}

/// Closes a call that cannot be read. One that can is not touched: `None` if it goes on.
pub(in crate::calls) fn close(
    tx: &mut Tx<'_>,
    call: CallId,
    policy: &Policy,
) -> Result<Option<Vec<StatusChange>>, StoreError> {
    let now = tx.now();
    match broken::state(tx, &call.to_string(), now)? {
        State::Broken(Unreadable {
            over: Some(over),
            live,
            ..
        }) => put_over(tx, &over, live, policy).map(Some),
        State::Broken(Unreadable { fault, .. }) => Err(StoreError::corrupt(fault)),
        State::Sound(call) if call.is_live() => Ok(None),
        State::Missing | State::Sound(_) => Ok(Some(Vec::new())),
    }
}

fn put_over(
    tx: &mut Tx<'_>,
    over: &Call,
    was_live: bool,
    policy: &Policy,
) -> Result<Vec<StatusChange>, StoreError> {
    let mut changes = Vec::new();
    super::put_over(tx, over, was_live, |tx, person| {
        changes.extend(presence::records::settle(tx, person, policy)?);
        Ok(())
    })?;
    Ok(changes)
}
