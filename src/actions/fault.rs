//! Why an action was not done, or is not known to be.

use std::time::Duration;

use super::rules::Outcome;
use crate::protocol::{error_code::ErrorCode, fault::Fault};

/// Why there is no result of an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionFault {
    // The app's own answer.
    /// The app's backend refuses the action.
    #[error("{}", .0.message)]
    Refused(Refusal),

    // Nothing was asked.
    /// There is nobody to ask.
    #[error(
        "actions go to the app's backend, and none is configured; its operator sets actions.webhook_url and actions.secret"
    )]
    NoWebhook,
    /// The configuration does not name this action.
    #[error("the app takes no actions of this type; its operator lists them in actions.types")]
    NotServed,
    /// The user has too many under way.
    #[error("too many actions at once; wait for the answers of those before")]
    UserBusy,
    /// Too many are under way.
    #[error("too many actions are under way; try again in a moment")]
    Busy,
    /// The server stops.
    #[error("the server restarts; connect again and try again")]
    Stopping,
    /// The backend has failed lately and is left alone.
    #[error("the app's backend does not answer at the moment; try again later")]
    Paused(Duration),
    /// No connection to the backend, for this reason.
    #[error("the app's backend cannot be reached; try again later")]
    Unreachable(String),

    // Something was asked, and the answer is of no use: whether the action was done is the app's to know.
    /// No answer in `actions.timeout`.
    #[error("the app's backend did not answer in time; whether the action was done is not known")]
    TimedOut,
    /// The connection broke before the answer was there, for this reason.
    #[error("the app's backend broke off; whether the action was done is not known")]
    Broken(String),
    /// An answer with this status, without a word for the client.
    #[error("the app's backend answered with status {0}; whether the action was done is not known")]
    Status(u16),
    /// An answer of more than `actions.answer_size`.
    #[error("the app's backend answered too much; whether the action was done is not known")]
    TooLarge,
    /// An answer that is no JSON, or deeper than anybody may send.
    #[error(
        "the app's backend answered something else than JSON, or JSON that is nested deeper than 32 levels; whether the action was done is not known"
    )]
    NotJson,
}

/// A refusal in the app's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What its status means.
    pub code: ErrorCode,
    /// The app's own code.
    pub app_code: Option<String>,
    /// The app's own sentence.
    pub message: String,
    /// When to try again, if it says so.
    pub retry_after: Option<Duration>,
}

impl ActionFault {
    /// One word for it: in the context of the error, in metrics and logs.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::NoWebhook => "no_webhook",
            Self::NotServed => "not_served",
            Self::UserBusy => "user_busy",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
            Self::Paused(_) => "paused",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timeout",
            Self::Broken(_) => "broken",
            Self::Status(_) => "status",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
        }
    }

    /// What it says about the backend. One that answers works, however wrong its answer: it keeps nobody waiting.
    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::TimedOut | Self::Unreachable(_) | Self::Broken(_) | Self::Status(500..) => {
                Outcome::Failed
            }
            Self::Refused(_) | Self::Status(_) | Self::TooLarge | Self::NotJson => Outcome::Worked,
            Self::NoWebhook
            | Self::NotServed
            | Self::UserBusy
            | Self::Busy
            | Self::Stopping
            | Self::Paused(_) => Outcome::Abandoned,
        }
    }

    /// What the log says beside the reason.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Unreachable(cause) | Self::Broken(cause) => cause.clone(),
            Self::Status(status) => status.to_string(),
            _ => String::new(),
        }
    }

    /// The same for the client who asked for `action`.
    pub fn about(self, action: &str) -> Fault {
        let code = match &self {
            Self::Refused(refusal) => refusal.code,
            Self::UserBusy => ErrorCode::RateLimited,
            Self::Busy | Self::Stopping => ErrorCode::Unavailable,
            _ => ErrorCode::ActionUnavailable,
        };
        let fault = Fault::new(code, self.to_string())
            .about("action", action)
            .about("reason", self.reason());
        let moment = Duration::from_secs(1);
        match self {
            Self::Paused(wait) => fault.retry_after(wait),
            Self::Busy | Self::UserBusy | Self::Stopping => fault.retry_after(moment),
            Self::Refused(refusal) => {
                let fault = match refusal.app_code {
                    Some(code) => fault.about("appCode", code),
                    None => fault,
                };
                match refusal.retry_after {
                    Some(wait) => fault.retry_after(wait),
                    None => fault,
                }
            }
            _ => fault,
        }
    }
}
