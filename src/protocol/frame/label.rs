//! A frame on its way to another node: its JSON as it is, and a label with what is not in that.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{CUSTOM, Course, Encoded, Event, Frame, Key, Kind, Priority, Spec, Topic, Tracking};
use crate::kernel::{ids::RoomId, intern::intern};

/// What another node has to know of a frame beside its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "k")]
    kind: Kind,
    #[serde(rename = "t")]
    topic: Topic,
    #[serde(rename = "p")]
    priority: Priority,
    /// Which state, and of what.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    key: Option<(String, String)>,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    courses: Vec<Course>,
    /// For how long it has been on its way, and for how long it is still worth sending, in microseconds. Spans and not times:
    /// the clocks of nodes differ.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    tracked: Option<(u64, Option<u64>)>,
}

impl Frame {
    /// What another node has to know of it.
    pub fn label(&self) -> Label {
        let encoded = &self.0;
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Label {
            name: self.name().to_owned(),
            kind: encoded.spec.kind,
            topic: encoded.spec.topic,
            priority: encoded.priority,
            key: encoded
                .key
                .as_ref()
                .map(|key| (key.state.to_owned(), key.id.to_string())),
            version: encoded.version,
            room: self.room().cloned(),
            revision: self.revision(),
            courses: encoded.courses.clone(),
            tracked: self
                .tracking()
                .map(|it| (micros(it.age()), it.left().map(micros))),
        }
    }

    /// The frame of another node. `track` follows it on its way here.
    pub fn labelled(
        label: Label,
        json: Bytes,
        track: impl FnOnce(Kind, Priority, Instant, Option<Duration>) -> Option<Tracking>,
    ) -> Self {
        let known = Event::known_spec(&label.name);
        let spec = Spec {
            name: known.map_or(CUSTOM, |known| known.name),
            kind: label.kind,
            topic: label.topic,
        };
        let key = label.key.and_then(|(state, id)| {
            Some(Key {
                state: intern(&state)?,
                id: id.into(),
            })
        });
        let frame = Self(std::sync::Arc::new(Encoded {
            own_name: known.is_none().then(|| label.name.into()),
            priority: label.priority,
            key,
            version: label.version,
            courses: label.courses,
            json,
            ..Encoded::new(spec, Vec::new())
        }));
        let tracking = label.tracked.and_then(|(age, left)| {
            let now = Instant::now();
            let accepted = now.checked_sub(Duration::from_micros(age)).unwrap_or(now);
            let ttl = left.map(|left| Duration::from_micros(age.saturating_add(left)));
            track(label.kind, label.priority, accepted, ttl)
        });
        let frame = match tracking {
            Some(tracking) => frame.tracked(Some(tracking)),
            None => frame,
        };
        let frame = match label.room {
            Some(room) => frame.in_room(room),
            None => frame,
        };
        match label.revision {
            Some(revision) => frame.revised(revision),
            None => frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::BytesMut;

    use super::*;
    use crate::{
        kernel::metrics::Metrics,
        protocol::{
            event::{OtomoStatus, OtomoStatusUpdate},
            frame::{Published, Stamp, WireFormat},
            tracking::Trackers,
        },
    };

    fn travelled(frame: &Frame) -> Frame {
        let label = serde_json::to_vec(&frame.label()).unwrap();
        let label = serde_json::from_slice(&label).unwrap();
        let trackers = Trackers::new(&Metrics::default());
        Frame::labelled(label, frame.json().clone(), |kind, priority, at, ttl| {
            trackers.track(kind, priority, at, ttl)
        })
    }

    fn written(frame: &Frame, stamp: Stamp) -> BytesMut {
        let mut out = BytesMut::new();
        for format in [WireFormat::WebSocket, WireFormat::SocketIoPacket] {
            frame.write(stamp, format, &mut out);
        }
        out
    }

    #[test]
    fn an_event_of_ours_is_the_same_on_every_node() {
        let update = Event::from(OtomoStatusUpdate {
            user_id: "hana".parse().unwrap(),
            status: OtomoStatus::Busy,
            timestamp: 3,
            version: 9,
        });
        let sent = Frame::new(&update);
        let come = travelled(&sent);
        assert_eq!((come.spec(), come.key()), (sent.spec(), sent.key()));
        for stamp in [Stamp::Version, Stamp::Durable { seq: 3, prev: 1 }] {
            assert_eq!(written(&come, stamp), written(&sent, stamp));
        }
        assert!(come.tracking().is_none() && come.room().is_none());
    }

    #[test]
    fn an_event_of_a_backend_keeps_its_room_its_key_and_its_time() {
        let room: RoomId = "game_1".parse().unwrap();
        let event = Published {
            name: "cell",
            topic: Topic::Rooms,
            kind: Kind::State,
            priority: Priority::Low,
            key: Some(Key {
                state: "published",
                id: Arc::from("game_1\ncell\n3"),
            }),
        };
        let trackers = Trackers::new(&Metrics::default());
        let accepted = Instant::now() - Duration::from_millis(300);
        let ttl = Some(Duration::from_secs(60));
        let tracking = trackers.track(Kind::State, Priority::Low, accepted, ttl);
        let sent = Frame::published(&event, r#"{"type":"cell","é":1}"#.to_owned())
            .tracked(tracking)
            .in_room(room.clone())
            .revised(7);
        let come = travelled(&sent);
        assert_eq!(come.label().key, sent.label().key);
        assert_eq!(
            (come.name(), come.room(), come.revision()),
            ("cell", Some(&room), Some(7))
        );
        assert_eq!((come.priority(), come.json()), (Priority::Low, sent.json()));
        let tracking = come.tracking().unwrap();
        assert!(tracking.age() >= Duration::from_millis(300));
        let left = tracking.left().unwrap();
        assert!(left > Duration::from_secs(50) && left < Duration::from_secs(60));
    }
}
