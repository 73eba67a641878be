//! Writes down what clients say and hear, while they do.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use reqwest::RequestBuilder;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    history::{History, REST},
    support::Json,
};

/// How long somebody waits for an answer over REST.
const PATIENCE: Duration = Duration::from_secs(3);

/// Writes a history that all clients of a run share.
#[derive(Clone)]
pub struct Scribe {
    history: Arc<Mutex<History>>,
    began: Instant,
}

/// One connection, to be written down.
#[derive(Clone)]
pub struct Page {
    scribe: Scribe,
    connection: usize,
}

impl Scribe {
    pub fn new() -> Self {
        Self {
            history: Arc::default(),
            began: Instant::now(),
        }
    }

    /// Somebody is about to connect.
    pub fn opens(&self, user: &str, device: &str, last: Option<u64>) -> Page {
        let connection = {
            let mut history = self.lock();
            history.opens(self.at(), user, device, last)
        };
        Page {
            scribe: self.clone(),
            connection,
        }
    }

    /// Asks something over REST; its status and body, if there was an answer. `said` says what it is, as in the history.
    pub async fn asks(
        &self,
        user: &str,
        mut said: Json,
        request: RequestBuilder,
    ) -> Option<(u16, Json)> {
        let page = self.opens(user, REST, None);
        said["requestId"] = "1".into();
        page.says(&said);
        let asking = async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let body: Json = response.json().await.ok()?;
            Some((status, body))
        };
        let (status, body) = timeout(PATIENCE, asking).await.ok()??;
        let mut heard = match status {
            200..300 => body.clone(),
            _ => json!({"status": status, "code": body["error"]["code"]}),
        };
        heard["type"] = match status {
            200..300 => "answer".into(),
            _ => "error".into(),
        };
        heard["requestId"] = "1".into();
        page.hears(&heard);
        Some((status, body))
    }

    /// What was written.
    pub fn history(&self) -> History {
        self.lock().clone()
    }

    fn at(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).expect("a short run")
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().expect("no panic")
    }
}

impl Page {
    pub fn says(&self, command: &Json) {
        self.write(|history, at, here| history.says(at, here, command.clone()));
    }

    /// What the transport says about an event is no part of it.
    pub fn hears(&self, event: &Json) {
        let mut event = event.clone();
        if let Some(fields) = event.as_object_mut() {
            fields.remove("sse");
        }
        self.write(|history, at, here| history.hears(at, here, event));
    }

    pub fn closes(&self) {
        self.write(History::closes);
    }

    pub fn settles(&self) {
        self.write(History::settles);
    }

    /// The moment is that at which nobody else writes: the order of a history is that of its times.
    fn write(&self, moment: impl FnOnce(&mut History, u64, usize)) {
        let mut history = self.scribe.lock();
        moment(&mut history, self.scribe.at(), self.connection);
    }
}
