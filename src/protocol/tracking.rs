//! How a published event fares on its way to each client: when it was accepted, for how long it is worth sending, and where
//! that is counted. Events of ours have none of this, and cost as little as if it did not exist.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use prometheus_client::metrics::counter::Counter;

use super::{
    frame::Frame,
    spec::{Kind, Priority},
};
use crate::kernel::{
    ids::RoomId,
    metrics::{Metrics, Timing},
};

/// Why an event did not reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Too much waited for the client.
    NoRoom,
    /// It was not worth sending any more when its turn came.
    Expired,
    /// The client was closed, for being too slow or for any other reason, or had left the room.
    Closed,
}

/// What is counted of the events of one kind and priority.
#[derive(Debug)]
struct Counts {
    delivered: Counter,
    coalesced: Counter,
    no_room: Counter,
    expired: Counter,
    closed: Counter,
    latency: Timing,
}

impl Counts {
    fn new(metrics: &Metrics, kind: Kind, priority: Priority) -> Self {
        let labels = [priority.as_str(), kind.as_str()];
        let dropped = |reason| {
            let [priority, kind] = labels;
            metrics.events.dropped.with([reason, priority, kind])
        };
        Self {
            delivered: metrics.events.delivered.with(labels),
            coalesced: metrics.events.coalesced.with(labels),
            no_room: dropped("no_room"),
            expired: dropped("expired"),
            closed: dropped("closed"),
            latency: metrics.events.latency.with(labels),
        }
    }
}

/// Makes the [`Tracking`] of events. The counters are looked up once, at the start.
#[derive(Debug)]
pub struct Trackers(Vec<(Kind, Priority, Arc<Counts>)>);

impl Trackers {
    /// What backends may publish.
    const KINDS: [Kind; 3] = [Kind::Durable, Kind::State, Kind::Ephemeral];

    /// Counts into these metrics.
    pub fn new(metrics: &Metrics) -> Self {
        let of_kind = |kind| {
            let counts = move |priority| Arc::new(Counts::new(metrics, kind, priority));
            Priority::ALL.map(|priority| (kind, priority, counts(priority)))
        };
        Self(Self::KINDS.into_iter().flat_map(of_kind).collect())
    }

    /// For an event that was accepted then and is worth sending for so long after. `None` for a kind that is not published.
    pub fn track(
        &self,
        kind: Kind,
        priority: Priority,
        accepted: Instant,
        ttl: Option<Duration>,
    ) -> Option<Tracking> {
        let mut known = self.0.iter();
        let (_, _, counts) = known.find(|(of, at, _)| (*of, *at) == (kind, priority))?;
        Some(Tracking {
            accepted,
            // One that lasts for longer than the clock counts, lasts.
            until: ttl.and_then(|ttl| accepted.checked_add(ttl)),
            counts: Arc::clone(counts),
        })
    }
}

/// How one event fares.
#[derive(Debug, Clone)]
pub struct Tracking {
    accepted: Instant,
    until: Option<Instant>,
    counts: Arc<Counts>,
}

impl Tracking {
    /// Whether it is not worth sending any more. Only asks the clock where that may be.
    pub fn is_expired(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    /// How long it has been on its way.
    pub fn age(&self) -> Duration {
        self.accepted.elapsed()
    }

    /// How long it is still worth sending; `None` for ever.
    pub fn left(&self) -> Option<Duration> {
        let until = self.until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// It was handed to a client's transport.
    pub fn delivered(&self) {
        self.counts.delivered.inc();
        self.counts.latency.took(self.accepted.elapsed());
    }

    /// A client was spared it, because there is a newer one of its key.
    pub fn coalesced(&self) {
        self.counts.coalesced.inc();
    }

    /// A client did not get it.
    pub fn dropped(&self, why: Loss) {
        let counts = &self.counts;
        let counter = match why {
            Loss::NoRoom => &counts.no_room,
            Loss::Expired => &counts.expired,
            Loss::Closed => &counts.closed,
        };
        counter.inc();
    }
}

/// What a frame of ours does not have.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    tracking: Option<Tracking>,
    room: Option<RoomId>,
    revision: Option<i64>,
}

impl Frame {
    /// The same frame, its way followed.
    #[must_use]
    pub fn tracked(self, tracking: Option<Tracking>) -> Self {
        self.with_origin(|origin| origin.tracking = tracking)
    }

    /// The same frame, said in a room: it goes to nobody who has left the room meanwhile.
    #[must_use]
    pub fn in_room(self, room: RoomId) -> Self {
        self.with_origin(|origin| origin.room = Some(room))
    }

    /// The same frame, a state that was stored as this revision of it: nobody is told it after a newer one.
    #[must_use]
    pub fn revised(self, revision: i64) -> Self {
        self.with_origin(|origin| origin.revision = Some(revision))
    }

    /// Which revision of a stored state it is.
    pub fn revision(&self) -> Option<i64> {
        self.origin()?.revision
    }

    /// How it fares, if somebody wants to know.
    pub fn tracking(&self) -> Option<&Tracking> {
        self.origin()?.tracking.as_ref()
    }

    /// The room in which it was said.
    pub fn room(&self) -> Option<&RoomId> {
        self.origin()?.room.as_ref()
    }

    fn with_origin(mut self, change: impl FnOnce(&mut Origin)) -> Self {
        // A new frame is not shared yet.
        let encoded = Arc::get_mut(&mut self.0);
        debug_assert!(encoded.is_some(), "a frame was changed that others have");
        if let Some(encoded) = encoded {
            change(encoded.origin.get_or_insert_default());
        }
        self
    }

    fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{frame::Published, spec::Topic};

    #[test]
    fn what_becomes_of_an_event_is_counted_by_priority_and_kind() {
        let metrics = Metrics::default();
        let trackers = Trackers::new(&metrics);
        let ttl = Some(Duration::from_secs(60));
        let accepted = Instant::now();
        let tracking = trackers.track(Kind::State, Priority::Low, accepted, ttl);
        let event = Published {
            name: "cell",
            topic: Topic::Rooms,
            kind: Kind::State,
            priority: Priority::Low,
            key: None,
        };
        let room: RoomId = "game_1".parse().unwrap();
        let frame = Frame::published(&event, "{}".to_owned())
            .tracked(tracking)
            .in_room(room.clone());
        let tracking = frame.tracking().unwrap();
        assert!(!tracking.is_expired());
        assert_eq!(frame.room(), Some(&room));
        tracking.delivered();
        tracking.coalesced();
        tracking.dropped(Loss::NoRoom);
        tracking.dropped(Loss::Expired);
        tracking.dropped(Loss::Closed);
        let page = metrics.encode();
        for line in [
            "otomo_events_delivered_total{priority=\"low\",kind=\"state\"} 1\n",
            "otomo_events_coalesced_total{priority=\"low\",kind=\"state\"} 1\n",
            "otomo_events_dropped_total{reason=\"no_room\",priority=\"low\",kind=\"state\"} 1\n",
            "otomo_events_dropped_total{reason=\"expired\",priority=\"low\",kind=\"state\"} 1\n",
            "otomo_events_dropped_total{reason=\"closed\",priority=\"low\",kind=\"state\"} 1\n",
            "otomo_event_latency_seconds_count{priority=\"low\",kind=\"state\"} 1\n",
            "otomo_events_delivered_total{priority=\"high\",kind=\"durable\"} 0\n",
        ] {
            assert!(page.contains(line), "{line:?} is missing in\n{page}");
        }
    }

    #[test]
    fn an_event_is_worth_sending_until_its_time_is_over() {
        let trackers = Trackers::new(&Metrics::default());
        let lives = |ttl| {
            let now = Instant::now();
            let tracking = trackers.track(Kind::Ephemeral, Priority::Normal, now, ttl);
            !tracking.unwrap().is_expired()
        };
        assert!(
            lives(None) && lives(Some(Duration::from_secs(3600))) && lives(Some(Duration::MAX))
        );
        assert!(!lives(Some(Duration::ZERO)));
        let control = trackers.track(Kind::Control, Priority::High, Instant::now(), None);
        assert!(control.is_none());
    }
}
