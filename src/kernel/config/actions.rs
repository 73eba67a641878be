//! `[actions]`: the webhook of the app's backend that clients' actions go to.

use std::{num::NonZeroU32, time::Duration};

use actix_http::Uri;

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::{secret::Secret, type_name};

/// Which actions there are, and how long and how many the app's backend is asked.
#[derive(Clone, Debug)]
pub struct ActionsConfig {
    /// Whom to ask. None: actions are refused.
    pub webhook: Option<WebhookConfig>,
    /// The commands that are actions.
    pub types: Vec<String>,
    /// For the whole answer.
    pub timeout: Duration,
    /// Actions that may be under way; at least one.
    pub concurrency: usize,
    /// The same of one user; at least one.
    pub concurrency_per_user: usize,
    /// Bytes of the largest answer.
    pub answer_size: usize,
    /// Failures in a row after which the backend is left alone. None: it never is.
    pub breaker_failures: Option<NonZeroU32>,
    /// For how long.
    pub breaker_pause: Duration,
}

/// Where the app's backend is.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// An address of http or https with a host, without credentials.
    pub url: Uri,
    /// Signs what is sent.
    pub secret: Secret,
}

impl ActionsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let span = Duration::from_millis(10)..=Duration::from_mins(1);
        Ok(Self {
            webhook: webhook(&mut section)?,
            types: section.list(
                "types",
                "names of 1 to 64 letters, digits, or any of _ - . : (ASCII)",
                |name| type_name::is_fit(name).then(|| name.to_owned()),
            )?,
            timeout: section.duration("timeout", span)?,
            concurrency: section.count("concurrency", 1..=10_000)?,
            concurrency_per_user: section.count("concurrency_per_user", 1..=10_000)?,
            answer_size: section.size("answer_size", 1..=1 << 24)?,
            breaker_failures: section.count_or_none("breaker_failures", 1_000)?,
            breaker_pause: section.duration(
                "breaker_pause",
                Duration::from_millis(10)..=Duration::from_hours(1),
            )?,
        })
    }
}

fn webhook(section: &mut Section<'_>) -> Result<Option<WebhookConfig>, ConfigFault> {
    let url = section.text("webhook_url")?;
    let secret = section.secret("secret")?;
    match (url, secret) {
        (None, None) => Ok(None),
        (Some(url), Some(secret)) => match address(&url) {
            Some(url) => Ok(Some(WebhookConfig { url, secret })),
            // Not repeated: it may hold a password.
            None => Err(section.refuse(
                "webhook_url",
                "an address like https://app.example.com/actions, without a user and password",
            )),
        },
        (Some(_), None) => Err(ConfigFault::Conflict {
            keys: &["actions.webhook_url", "actions.secret"],
            problem: "what is sent to the webhook is signed, so that nobody else can speak for your users; set \
                      actions.secret to a long random text that the backend knows too"
                .to_owned(),
        }),
        (None, Some(_)) => Err(section.refuse("secret", "set only beside webhook_url")),
    }
}

fn address(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let authority = url.authority()?;
    (known && !authority.host().is_empty() && !authority.as_str().contains('@')).then_some(url)
}
