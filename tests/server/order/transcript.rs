//! Everything that one connection received, from its first event to its last.

use tokio::time::timeout;

use super::Visit;
use crate::{
    mirror::Mirror,
    support::{Json, Line, PATIENCE, field},
};

/// Everything that one connection received, and what a fresh one receives afterwards.
pub struct Transcript<'a> {
    visit: Visit,
    events: Vec<Json>,
    fresh: &'a [Json],
}

impl<'a> Transcript<'a> {
    /// Waits until a connection knows everything that a fresh one does, then checks all that it received.
    pub async fn check(visit: Visit, line: &mut Line, fresh: &'a [Json]) {
        let mut due = Mirror::of(&line.user);
        fresh.iter().for_each(|event| due.hear(event));
        let mut transcript = Self {
            visit,
            events: Vec::new(),
            fresh,
        };
        let mut mirror = Mirror::of(&line.user);
        let hearing = timeout(PATIENCE, transcript.hear(line, &mut mirror, &due));
        let Ok(ready) = hearing.await else {
            panic!("{visit:?} has come to\n{mirror:#?}\nand a fresh one to\n{due:#?}");
        };
        transcript.the_order_is_kept(ready);
        transcript.nothing_is_lost_or_doubled();
    }

    /// Listens until the connection knows what it should; returns the place of `ready`.
    async fn hear(&mut self, line: &mut Line, mirror: &mut Mirror, due: &Mirror) -> usize {
        let mut ready = None;
        loop {
            let next = line.next().await;
            let next = next.unwrap_or_else(|end| panic!("{:?}: {end:?}", self.visit));
            if next["type"] == "no event" {
                continue;
            }
            mirror.hear(&next);
            if next["type"] == "ready" {
                ready = Some(self.events.len());
            }
            self.events.push(next);
            match ready {
                Some(ready) if mirror == due => return ready,
                _ => {}
            }
        }
    }

    /// `connected`, the snapshots, what was missed, and `ready`, which says where that ended: whoever is cut off there goes on
    /// from there.
    fn the_order_is_kept(&self, ready: usize) {
        let mut order = vec!["connected"];
        let snapshots = [
            ("otomo", "otomo_status_snapshot"),
            ("calls", "call_snapshot"),
            ("chat", "unread_snapshot"),
            ("chat", "friend_status_snapshot"),
        ];
        let wanted = snapshots
            .iter()
            .filter(|(topic, _)| self.visit.wants(topic));
        order.extend(wanted.map(|(_, name)| name));
        let began: Vec<&str> = self.events[..order.len()]
            .iter()
            .map(|event| field(event, "type"))
            .collect();
        assert_eq!(began, order, "{:?}", self.visit);
        let replay = &self.events[order.len()..ready];
        let durable = replay.iter().all(|event| event["prev"].is_u64());
        assert!(durable, "{:?}: before ready: {replay:?}", self.visit);
        if self.visit.wants("chat") {
            let last = replay.last().unwrap_or(&self.events[0]);
            assert_eq!(self.events[ready]["seq"], last["seq"], "{:?}", self.visit);
        }
    }

    /// Every event from the start of the connection to the newest, each once: all that is stored is about the chat.
    fn nothing_is_lost_or_doubled(&self) {
        let start = self.events[0]["seq"].as_u64().expect("a seq");
        if let Some(last) = self.visit.last {
            assert_eq!(start, last, "{:?}", self.visit);
        }
        let newest = self.fresh[0]["seq"].as_u64().expect("a seq");
        let due = if self.visit.wants("chat") {
            start..newest
        } else {
            0..0
        };
        let durable = self.events.iter().filter(|event| event["prev"].is_u64());
        let got: Vec<(u64, u64)> = durable
            .map(|event| {
                (
                    event["prev"].as_u64().unwrap(),
                    event["seq"].as_u64().unwrap(),
                )
            })
            .collect();
        let due: Vec<(u64, u64)> = due.map(|prev| (prev, prev + 1)).collect();
        assert_eq!(got, due, "{:?}", self.visit);
    }
}
