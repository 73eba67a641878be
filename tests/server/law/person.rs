//! Somebody who acts, and keeps what they are told.

use std::sync::Arc;

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    api::Api,
    mirror::Mirror,
    support::{Connecting, Dial, Endpoint, Json, Line, PATIENCE, Transport},
};

/// Somebody who acts, and keeps what they are told.
pub struct Person {
    pub name: String,
    pub role: Role,
    /// What they do over HTTP.
    pub api: Api,
    dial: Dial,
    here: Option<Here>,
}

/// A connection, and what was made of what it told.
struct Here {
    line: Line,
    mirror: Mirror,
    /// What was told of calls.
    of_calls: Vec<Json>,
}

impl Here {
    async fn next(&mut self) -> Json {
        let next = self.line.next().await;
        let next = next.unwrap_or_else(|end| panic!("{} got {end:?}", self.line.user));
        self.mirror.hear(&next);
        if next["callId"].is_string() {
            self.of_calls.push(next.clone());
        }
        next
    }
}

impl Person {
    /// Somebody who is not there yet.
    pub fn new(server: Arc<Endpoint>, name: &str, role: Role, transport: Transport) -> Self {
        Self {
            name: name.to_owned(),
            role,
            api: Api::of(&server, name, role),
            dial: Dial::new(server, name, role, transport),
            here: None,
        }
    }

    pub fn is_there(&self) -> bool {
        self.here.is_some()
    }

    /// Comes, and waits until they are told everything.
    pub async fn come(&mut self) {
        self.here = Some(self.arrive(self.dial.connecting()).await);
    }

    /// Goes: says so on a socket, and just goes on a stream.
    pub async fn go(&mut self) {
        match self.here.take().map(|here| here.line) {
            Some(Line::Socket(client)) => client.log_out().await,
            Some(Line::Stream(stream, _)) => stream.leave(),
            None => {}
        }
    }

    async fn arrive(&self, connecting: Connecting) -> Here {
        let mut here = Here {
            line: self.dial.connect(connecting).await,
            mirror: Mirror::of(&self.name),
            of_calls: Vec::new(),
        };
        let arriving = async { while here.next().await["type"] != "ready" {} };
        timeout(PATIENCE, arriving).await.expect("ready in time");
        here
    }

    /// The answer to a command.
    pub async fn ask(&mut self, mut command: Json) -> Json {
        let id = Uuid::new_v4().to_string();
        command["requestId"] = id.clone().into();
        let here = self.here.as_mut().expect("somebody who is there");
        here.line.say(command.clone()).await;
        let answered = async {
            loop {
                let next = here.next().await;
                if next["requestId"] == id.as_str() {
                    return next;
                }
            }
        };
        let answer = timeout(PATIENCE, answered).await;
        answer.unwrap_or_else(|_| panic!("no answer to {command}"))
    }

    /// Says something that is not answered, and waits until it is handled.
    pub async fn tell(&mut self, command: Json) {
        match self.dial.transport {
            // A stream's client is told that its post is done.
            Transport::EventStream => drop(self.ask(command).await),
            Transport::WebSocket => {
                let here = self.here.as_mut().expect("somebody who is there");
                here.line.say(command).await;
                self.ask(json!({"type": "heartbeat"})).await;
            }
        }
    }

    /// Waits until they are told something of a call.
    pub async fn hears(&mut self, name: &str, call: &str) {
        let here = self.here.as_mut().expect("somebody who is there");
        let it = |event: &Json| event["type"] == name && event["callId"] == call;
        let heard = async {
            while !here.of_calls.iter().any(it) {
                here.next().await;
            }
        };
        let heard = timeout(PATIENCE, heard).await;
        heard.unwrap_or_else(|_| panic!("{} never got {name}", self.name));
    }

    /// Holds the mirror against that of a fresh connection: what is on its way to either of them may come yet.
    pub async fn is_up_to_date(&mut self) {
        let mut fresh = self
            .arrive(self.dial.server.connecting(&self.name, self.role))
            .await;
        let here = self.here.as_mut().expect("somebody who is there");
        let agree = async {
            while here.mirror != fresh.mirror {
                tokio::select! {
                    _ = here.next() => {}
                    _ = fresh.next() => {}
                }
            }
        };
        if timeout(PATIENCE, agree).await.is_err() {
            panic!(
                "{}: the old snapshot and the events since are\n{:#?}\na fresh one is\n{:#?}",
                self.name, here.mirror, fresh.mirror
            );
        }
    }
}
