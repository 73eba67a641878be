//! What the log says of events that backends publish (source document 003, "監視とデバッグ"): a line for each point event,
//! and one for each event that did not reach somebody who is there.

use serde_json::Value;

use super::{
    messages::Report,
    publication::{Publication, Target},
};
use crate::{delivery::roster::Roster, kernel::ids::UserId};

/// The point events of source document 003.
const POINTS: [&str; 3] = ["sp_update", "sp_insufficient", "sp_daily_recovery"];

/// An event that was said, as far as the log has to know it.
pub(super) struct Said {
    name: String,
    user: Option<UserId>,
    points: Option<PointEvent>,
}

/// What a line about points says.
struct PointEvent {
    balance: Value,
    transaction: Value,
}

impl Said {
    pub(super) fn of(publication: &Publication) -> Self {
        let user = match &publication.target {
            Target::User(user) => Some(user.clone()),
            Target::Users(_) | Target::Room(_) | Target::Everyone => None,
        };
        let points = POINTS
            .contains(&publication.name.as_str())
            .then(|| PointEvent::of(publication.json()));
        Self {
            name: publication.name.clone(),
            user,
            points,
        }
    }

    /// Writes what there is to write.
    pub(super) fn log(&self, report: Report, roster: &Roster) {
        let (name, delivered) = (&self.name, report.delivered);
        let user = self.user.as_ref().map_or("-", UserId::as_str);
        if let Some(PointEvent {
            balance,
            transaction,
        }) = &self.points
        {
            log::info!(
                "point event published type={name} user_id={user} current_sp={balance} transaction_type={transaction} delivered={delivered}"
            );
        }
        let there = self
            .user
            .as_ref()
            .is_some_and(|user| !roster.sessions(user).is_empty());
        if there && delivered == 0 {
            let transaction = self.points.as_ref().map(|it| &it.transaction);
            // They may not listen to its topic; a state or an ephemeral event may have found no room.
            log::info!(
                "event reached no connection of a connected user type={name} user_id={user} transaction_type={}",
                transaction.unwrap_or(&Value::Null)
            );
        }
    }
}

impl PointEvent {
    fn of(json: &str) -> Self {
        // It was checked when it was published.
        let event: Value = serde_json::from_str(json).unwrap_or_default();
        let field = |name: &str| event.get(name).cloned().unwrap_or_default();
        let balance = match field("current_sp") {
            Value::Null => field("balance_after"),
            balance => balance,
        };
        Self {
            balance,
            transaction: field("transaction_type"),
        }
    }
}
