//! How large the story is, and what everybody in it shares.

use std::{str::FromStr, time::Duration};

use tokio::sync::watch;

/// How large the story is. The long form says more.
pub struct Scale {
    /// Messages of each writer.
    pub messages: usize,
    /// How often the server is killed.
    pub kills: usize,
    /// After this time the story has not come to its end.
    pub limit: Duration,
}

impl Scale {
    pub fn asked() -> Self {
        Self {
            messages: asked("OTOMO_CHAOS_MESSAGES", 30),
            kills: asked("OTOMO_CHAOS_KILLS", 5),
            limit: Duration::from_secs(asked("OTOMO_CHAOS_SECONDS", 240)),
        }
    }
}

fn asked<T: FromStr>(variable: &str, otherwise: T) -> T {
    let asked = std::env::var(variable).ok();
    asked.map_or(otherwise, |text| {
        let number = text.parse().ok();
        number.unwrap_or_else(|| panic!("{variable} is a number"))
    })
}

/// What everybody shares.
pub struct Story {
    /// How many messages are acknowledged.
    pub acknowledged: watch::Sender<usize>,
    /// Whether connections last from now on.
    pub calm: watch::Sender<bool>,
}

impl Story {
    pub fn new() -> Self {
        Self {
            acknowledged: watch::Sender::new(0),
            calm: watch::Sender::new(false),
        }
    }

    /// Waits until so many messages are acknowledged.
    pub async fn acknowledged(&self, count: usize) {
        let mut acknowledged = self.acknowledged.subscribe();
        let enough = acknowledged.wait_for(|it| *it >= count);
        enough.await.expect("the story lasts");
    }
}
