//! The order of connecting while everything is in motion: `connected`, the snapshots, what was missed, `ready`, and only
//! then what happens.
//!
//! A group talks, otomo change their statuses, somebody comes and goes, all without a pause, while hundreds of
//! connections open: on WebSockets and event streams, fresh or resuming after some event, for all topics or a few.
//! Afterwards everything that each connection received is checked, from its first event to its last.

mod load;
mod transcript;

use std::sync::Arc;

use futures_util::future::join_all;
use otomo::kernel::identity::Role;

use self::{
    load::{Load, VISITORS, visitor},
    transcript::Transcript,
};
use crate::{
    api::WITH_KEY,
    support::{Dial, Dice, Endpoint, Json, Line, TestServer, Transport},
};

/// Connections of each visitor.
const VISITS: usize = 15;

/// Connections that are opened at the same moment.
const AT_ONCE: usize = 20;

const SETTINGS: [(&str, &str); 5] = [
    WITH_KEY,
    ("limits.commands_per_second", "none"),
    ("limits.messages_per_minute", "none"),
    ("limits.connections_per_user", "none"),
    ("presence.ping_interval", "20s"),
];

/// One connection to make: whose, and how.
#[derive(Debug, Clone, Copy)]
struct Visit {
    visitor: usize,
    transport: Transport,
    /// After which event to go on.
    last: Option<u64>,
    topics: Option<&'static str>,
}

impl Visit {
    /// By chance, where the visitor's stream has come to `head`.
    fn any(visitor: usize, head: u64, dice: &mut Dice) -> Self {
        let last = match dice.below(3) {
            0 => None,
            1 => Some(0),
            _ => Some(head - dice.within(0..head.min(200) + 1)),
        };
        Self {
            visitor,
            transport: *dice.pick(&Transport::ALL),
            last,
            topics: *dice.pick(&[
                None,
                None,
                Some("chat"),
                Some("otomo,calls"),
                Some("chat,otomo"),
            ]),
        }
    }

    async fn begin(&self, server: &Arc<Endpoint>) -> Line {
        let server = Arc::clone(server);
        let dial = Dial::new(server, &visitor(self.visitor), Role::User, self.transport);
        let mut new = self
            .last
            .map_or_else(|| dial.connecting(), |last| dial.resuming(last));
        if let Some(topics) = self.topics {
            new = new.asking(&format!("topics={topics}"));
        }
        dial.connect(new).await
    }

    fn wants(&self, topic: &str) -> bool {
        self.topics
            .is_none_or(|topics| topics.split(',').any(|it| it == topic))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_connects_under_load_is_told_everything_once_and_in_order() {
    let server = TestServer::start_with(&SETTINGS).await;
    let mut dice = Dice::new("order", "OTOMO_SEED", Dice::any_seed());
    let load = Load::begin(&server).await;
    let way_in = server.way_in();
    let mut visits: Vec<usize> = (0..VISITORS * VISITS)
        .map(|visit| visit % VISITORS)
        .collect();
    dice.shuffle(&mut visits);
    let mut listening: Vec<(Visit, Line)> = Vec::new();
    for visitors in visits.chunks(AT_ONCE) {
        let head = load.progress().await;
        let visits: Vec<Visit> = visitors
            .iter()
            .map(|visitor| Visit::any(*visitor, head, &mut dice))
            .collect();
        let opening = visits.iter().map(|visit| visit.begin(&way_in));
        let opened = join_all(opening).await;
        listening.extend(visits.into_iter().zip(opened));
    }
    load.progress().await;
    load.end().await;
    for (visit, mut listener) in listening {
        let fresh = fresh(&way_in, visit).await;
        Transcript::check(visit, &mut listener, &fresh).await;
    }
}

/// What a fresh connection receives once everything is quiet.
async fn fresh(server: &Arc<Endpoint>, visit: Visit) -> Vec<Json> {
    let visit = Visit {
        last: None,
        ..visit
    };
    let mut fresh = visit.begin(server).await;
    let mut told = fresh.up_to("ready", |event| event["type"] == "ready").await;
    told.retain(|event| event["type"] != "no event");
    told
}
