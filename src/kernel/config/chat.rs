//! `[chat]`: the limits of messages, of typing, and of what is kept.

use std::{num::NonZeroU32, time::Duration};

use super::{fault::ConfigFault, reader::Section};

/// The limits of messages, of typing, and of what is kept.
#[derive(Clone, Copy, Debug)]
pub struct ChatConfig {
    /// The most bytes of a message's text, and of its `data`, each.
    pub max_body: usize,
    /// How long typing lasts after the last `typing-start`.
    pub typing_expire: Duration,
    /// How often others are told at most; shorter than `typing_expire`.
    pub typing_resend: Duration,
    /// How long messages are kept. None: without end.
    pub retention: Option<Duration>,
    /// How many messages of one conversation are kept. None: any number.
    pub max_messages: Option<NonZeroU32>,
}

impl ChatConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let span = Duration::from_millis(10)..=Duration::from_hours(1);
        let chat = Self {
            max_body: section.size("max_body", 1..=1 << 20)?,
            typing_expire: section.duration("typing_expire", span.clone())?,
            typing_resend: section.duration("typing_resend", span)?,
            retention: section.duration_or_none(
                "retention",
                Duration::from_millis(10)..=Duration::from_hours(24 * 36_500),
            )?,
            max_messages: section.count_or_none("max_messages", 100_000_000)?,
        };
        if chat.typing_resend >= chat.typing_expire {
            return Err(ConfigFault::Conflict {
                keys: &["chat.typing_resend", "chat.typing_expire"],
                problem: "somebody who goes on writing must be told of again before they count as \
                          having stopped"
                    .to_owned(),
            });
        }
        Ok(chat)
    }
}
