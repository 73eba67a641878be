//! The events that a client has received and the test has not yet taken, and waiting for those to come.

use std::{
    panic::Location,
    sync::{Arc, Mutex},
};

use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::{Json, PATIENCE, messages};

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With this close code, 1005 for none.
    Closed(u16),
    /// A stream that ended as it should.
    Whole,
    /// Without a goodbye.
    Cut,
}

#[derive(Default)]
struct Heard {
    events: Vec<Json>,
    end: Option<End>,
    asked: messages::Asked,
    /// The first event that was not as it is described.
    fault: Option<String>,
}

impl Heard {
    /// What was waited for, or that it cannot come any more.
    fn poll<T>(&mut self, take: impl Fn(&mut Vec<Json>) -> Option<T>) -> Option<Result<T, End>> {
        if let Some(fault) = self.fault.take() {
            panic!("{fault}");
        }
        match take(&mut self.events) {
            Some(found) => Some(Ok(found)),
            None => self.end.clone().map(Err),
        }
    }
}

/// The events that a client has received and the test has not yet taken.
pub struct EventLog {
    /// Who it is.
    pub user: String,
    heard: Arc<Mutex<Heard>>,
    news: Arc<Notify>,
}

/// Where the reading task puts what it receives.
pub struct EventWriter {
    heard: Arc<Mutex<Heard>>,
    news: Arc<Notify>,
}

impl EventWriter {
    /// An event came, and is as it is described.
    pub fn push(&self, event: Json) {
        self.check(&event);
        self.add(event);
    }

    /// Looks whether an event is as it is described; the test hears of one that is not.
    pub fn check(&self, event: &Json) {
        let mut heard = self.heard.lock().expect("no panic");
        let checked = messages::check_event(event).and_then(|()| heard.asked.check(event));
        heard.fault = heard.fault.take().or(checked.err());
    }

    /// Something came.
    pub fn add(&self, event: Json) {
        self.heard.lock().expect("no panic").events.push(event);
        self.news.notify_one();
    }

    /// Nothing more will come.
    pub fn close(&self, end: End) {
        self.heard.lock().expect("no panic").end = Some(end);
        self.news.notify_one();
    }
}

impl EventLog {
    /// An empty one.
    pub fn new(user: String) -> Self {
        Self {
            user,
            heard: Arc::default(),
            news: Arc::default(),
        }
    }

    /// Adds to this log.
    pub fn writer(&self) -> EventWriter {
        EventWriter {
            heard: Arc::clone(&self.heard),
            news: Arc::clone(&self.news),
        }
    }

    /// A command was sent.
    pub fn asked(&self, command: &str) {
        self.heard.lock().expect("no panic").asked.note(command);
    }

    /// An event of a type that has come and was not taken.
    pub fn heard(&self, name: &str) -> Option<Json> {
        let heard = self.heard.lock().expect("no panic");
        let mut events = heard.events.iter();
        events.find(|event| event["type"] == name).cloned()
    }

    /// The next event of a type. Events before it stay for later.
    #[track_caller]
    pub fn expect(&mut self, name: &str) -> impl Future<Output = Json> {
        let what = format!("`{name}`");
        let name = name.to_owned();
        self.until(what, move |event| event["type"] == name.as_str())
    }

    /// The next event for which something holds. Events before it stay for later.
    #[track_caller]
    pub fn until(
        &mut self,
        what: impl Into<String>,
        holds: impl Fn(&Json) -> bool,
    ) -> impl Future<Output = Json> {
        self.wait_for(what.into(), Location::caller(), move |events| {
            let place = events.iter().position(&holds)?;
            Some(events.remove(place))
        })
    }

    /// Everything up to the next event for which something holds, in the order in which it came, that
    /// event last. What came after it stays.
    #[track_caller]
    pub fn up_to(
        &mut self,
        what: impl Into<String>,
        holds: impl Fn(&Json) -> bool,
    ) -> impl Future<Output = Vec<Json>> {
        self.wait_for(what.into(), Location::caller(), move |events| {
            let place = events.iter().position(&holds)?;
            Some(events.drain(..=place).collect())
        })
    }

    async fn wait_for<T>(
        &mut self,
        what: String,
        at: &'static Location<'static>,
        take: impl Fn(&mut Vec<Json>) -> Option<T>,
    ) -> T {
        let found = timeout(PATIENCE, async {
            loop {
                if let Some(outcome) = self.heard.lock().expect("no panic").poll(&take) {
                    return outcome;
                }
                self.news.notified().await;
            }
        });
        match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(end)) => panic!(
                "{at}: {} got {end:?} before {what}; {}",
                self.user,
                self.untaken()
            ),
            Err(_) => panic!("{at}: {} never got {what}; {}", self.user, self.untaken()),
        }
    }

    /// The next event, whichever it is, or how the connection ended.
    pub async fn next(&mut self) -> Result<Json, End> {
        let first = |events: &mut Vec<Json>| (!events.is_empty()).then(|| events.remove(0));
        loop {
            if let Some(outcome) = self.heard.lock().expect("no panic").poll(first) {
                return outcome;
            }
            self.news.notified().await;
        }
    }

    /// Waits until more has come, or the end, which is an error.
    #[allow(dead_code, reason = "for the tests of several nodes")]
    pub async fn news(&mut self) -> Result<(), End> {
        match self.end() {
            Some(end) => Err(end),
            None => {
                self.news.notified().await;
                Ok(())
            }
        }
    }

    fn end(&self) -> Option<End> {
        self.heard.lock().expect("no panic").end.clone()
    }

    /// Everything not taken yet, for the message of a failed test.
    pub fn untaken(&self) -> String {
        let heard = self.heard.lock().expect("no panic");
        let events: Vec<String> = heard.events.iter().map(Json::to_string).collect();
        format!("what else came:\n  {}", events.join("\n  "))
    }

    /// Everything that has come so far, taken out, in order.
    pub fn everything(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.heard.lock().expect("no panic").events)
    }

    /// How the server ended the connection.
    pub async fn ended(&mut self) -> End {
        let ended = timeout(PATIENCE, async {
            loop {
                if let Some(end) = self.end() {
                    return end;
                }
                self.news.notified().await;
            }
        });
        let ended = ended.await;
        ended.unwrap_or_else(|_| panic!("{} is still connected; {}", self.user, self.untaken()))
    }

    /// Waits for the ring of a call.
    pub async fn rings(&mut self, call: Uuid) -> Json {
        let id = call.to_string();
        self.until(format!("the ring of {id}"), move |event| {
            event["type"] == "incoming_call" && event["callId"] == id.as_str()
        })
        .await
    }

    /// The next change of an otomo's status to this one.
    pub async fn sees(&mut self, otomo: &str, status: &str) -> Json {
        self.until(format!("{otomo} {status}"), |event| {
            event["type"] == "otomo_status_update"
                && event["userId"] == otomo
                && event["status"] == status
        })
        .await
    }
}

/// A fault that nobody waited for long enough to hear of.
impl Drop for EventLog {
    fn drop(&mut self) {
        let fault = self
            .heard
            .lock()
            .ok()
            .and_then(|mut heard| heard.fault.take());
        if let (Some(fault), false) = (fault, std::thread::panicking()) {
            panic!("{fault}");
        }
    }
}
