//! Otomo as REST shows them: to people and to admins alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::{
    kernel::{ids::UserId, iso::Iso, time::Timestamp},
    presence::{
        Choice,
        board::{Entry, Place},
        rules::{Chosen, Status, list_order},
    },
};

/// One otomo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Otomo")]
pub(super) struct OtomoView {
    user_id: UserId,
    name: String,
    avatar: Option<String>,
    status: Status,
    /// Counts this otomo's changes.
    version: u64,
    changed_at: Iso,
}

impl From<Entry> for OtomoView {
    fn from(entry: Entry) -> Self {
        Self {
            user_id: entry.otomo,
            name: entry.name,
            avatar: entry.avatar,
            status: entry.published.status,
            version: entry.published.version,
            changed_at: entry.published.changed_at.into(),
        }
    }
}

/// What an otomo has chosen by now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoChoiceMade")]
pub(super) struct ChoiceView {
    user_id: UserId,
    status: Chosen,
    /// What people see; differs from the choice during a call, and without a connection.
    shown: Status,
    /// When a break ends by itself.
    until: Option<Iso>,
}

impl ChoiceView {
    pub(super) fn new(otomo: UserId, choice: Choice) -> Self {
        Self {
            user_id: otomo,
            status: choice.chosen,
            shown: choice.shown,
            until: choice.until.map(Iso::from),
        }
    }
}

/// Which otomo are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Filter {
    /// Only those with this status.
    #[schemars(with = "Option<Status>")]
    status: Option<String>,
}

impl Filter {
    /// The one status that is wanted; `None` for all.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a word that is not a status.
    pub(super) fn status(&self) -> Result<Option<Status>, ApiError> {
        let status = self.status.as_deref().map(str::parse).transpose();
        status.map_err(|_unknown| {
            ApiError::bad_request("status must be online, busy, break or offline")
        })
    }
}

/// A place in the list, for cursors: status, when it changed in milliseconds, who.
#[derive(Serialize, Deserialize)]
pub(super) struct ListPlace(String, i64, UserId);

impl ListPlace {
    pub(super) fn of(entry: &Entry) -> Self {
        let published = entry.published;
        Self(
            published.status.to_string(),
            published.changed_at.millis(),
            entry.otomo.clone(),
        )
    }
}

impl TryFrom<ListPlace> for Place {
    type Error = ApiError;

    fn try_from(ListPlace(status, changed_at, otomo): ListPlace) -> Result<Self, ApiError> {
        let status: Status = status
            .parse()
            .map_err(|_unknown| ApiError::bad_request("cursor is of another list"))?;
        Ok(Self {
            rank: list_order(status, Timestamp::from_millis(changed_at)),
            otomo,
        })
    }
}
