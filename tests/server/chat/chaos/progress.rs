//! How large the run is, and how far it has come.

use std::{str::FromStr, time::Duration};

use tokio::sync::watch;

/// How large the run is; environment variables make it larger.
pub struct Scale {
    /// Messages of each writer.
    pub messages: usize,
    /// How often the server is killed.
    pub kills: usize,
    /// The run fails if it takes longer.
    pub limit: Duration,
}

impl Scale {
    pub fn asked() -> Self {
        Self {
            messages: asked("OTOMO_CHAT_MESSAGES", 30),
            kills: asked("OTOMO_CHAT_KILLS", 5),
            limit: Duration::from_secs(asked("OTOMO_CHAT_SECONDS", 240)),
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

/// How far the run has come, shared by everybody.
pub struct Progress {
    /// How many messages are acknowledged.
    pub acknowledged: watch::Sender<usize>,
    /// Whether no more connections are cut.
    pub calm: watch::Sender<bool>,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            acknowledged: watch::Sender::new(0),
            calm: watch::Sender::new(false),
        }
    }

    /// Waits until this many messages are acknowledged.
    pub async fn acknowledged(&self, count: usize) {
        let mut acknowledged = self.acknowledged.subscribe();
        let enough = acknowledged.wait_for(|it| *it >= count);
        enough.await.expect("the run goes on");
    }
}
