//! What watchers know of each otomo.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::cli::bench::{
    fault::BenchFault,
    peek::{kind, number},
};

/// Watchers that are looked at, at most, spread over all: so that the tool, which reads for all of them, is not what is measured.
const SAMPLED: usize = 128;

/// How the message begins that is looked at; the otomo's number follows, then its status.
const UPDATE: &[u8] = br#"{"type":"otomo_status_update","userId":"bench-otomo-"#;

/// A status that this tool brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Online,
    Break,
    Offline,
}

/// What one watcher knows of one otomo.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) status: Status,
    /// Which of the otomo's changes that was, where versions are asked for: two changes to one status are told apart by it.
    pub(super) version: u64,
    /// Since when.
    pub(super) since: Instant,
}

/// What a watcher has heard, and what it knew before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) otomo: usize,
    pub(super) status: Status,
    pub(super) before: View,
    /// For how long it has shown a status after somebody else was told a newer one.
    pub(super) behind: Duration,
}

/// What all watchers that are looked at know.
pub(super) struct Views {
    otomo: usize,
    /// Every so many watchers, one is looked at.
    step: usize,
    views: Vec<View>,
    /// Of each otomo the versions that were the newest when somebody heard them first, and when that was.
    newest: Vec<Vec<(u64, Instant)>>,
}

impl Views {
    /// Everybody is online.
    pub(super) fn new(otomo: usize, watchers: usize) -> Self {
        let step = watchers.div_ceil(SAMPLED).max(1);
        let view = View {
            status: Status::Online,
            version: 0,
            since: Instant::now(),
        };
        Self {
            otomo,
            step,
            newest: vec![Vec::new(); otomo],
            views: vec![view; otomo * watchers.div_ceil(step)],
        }
    }

    /// How many watchers are looked at.
    pub(super) fn watchers(&self) -> usize {
        self.views.len() / self.otomo.max(1)
    }

    /// A watcher, counted from 0 among all, has heard something. Returns what, if it is one that is looked at and it was a
    /// status.
    ///
    /// # Errors
    /// If it was an older one than the watcher knew, or the same again.
    pub(super) fn heard(
        &mut self,
        watcher: usize,
        message: &[u8],
    ) -> Result<Option<Heard>, BenchFault> {
        if !watcher.is_multiple_of(self.step) {
            return Ok(None);
        }
        let Some((otomo, status)) = update(message).filter(|(otomo, _)| *otomo < self.otomo) else {
            return Ok(None);
        };
        let version = number(message, "v").unwrap_or_default();
        let at = watcher / self.step * self.otomo + otomo;
        let (Some(view), Some(newest)) = (self.views.get_mut(at), self.newest.get_mut(otomo))
        else {
            return Ok(None);
        };
        if version > 0 && version <= view.version {
            let said = String::from_utf8_lossy(message);
            let knew = view.version;
            return Err(BenchFault::Wrong(format!(
                "watcher {watcher}, who knew version {knew}, heard {said}"
            )));
        }
        let now = Instant::now();
        if version > newest.last().map_or(0, |(newest, _)| *newest) {
            newest.push((version, now));
        }
        let known = newest.partition_point(|(version, _)| *version <= view.version);
        let outdated = newest.get(known).map_or(now, |(_, since)| *since);
        let view_now = View {
            status,
            version,
            since: now,
        };
        Ok(Some(Heard {
            otomo,
            status,
            before: std::mem::replace(view, view_now),
            behind: now - outdated,
        }))
    }

    /// The newest version of an otomo that anybody has heard of; 0 if nobody has.
    pub(super) fn newest(&self, otomo: usize) -> u64 {
        let newest = self.newest.get(otomo).and_then(|it| it.last());
        newest.map_or(0, |(version, _)| *version)
    }

    /// What each watcher that is looked at knows of an otomo.
    pub(super) fn of(&self, otomo: usize) -> impl Iterator<Item = View> {
        self.views.iter().skip(otomo).step_by(self.otomo).copied()
    }
}

/// What somebody is told of all otomo who comes anew.
#[derive(Debug, Default)]
pub(super) struct Snapshot(HashMap<usize, (Status, u64)>);

/// The message, or a part of it.
#[derive(Deserialize)]
struct Told {
    otomos: Vec<ToldOtomo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldOtomo {
    user_id: String,
    status: String,
    version: u64,
}

impl Snapshot {
    /// Takes a message, if it is one of a snapshot's.
    pub(super) fn take(&mut self, message: &[u8]) {
        if kind(message) != b"otomo_status_snapshot" {
            return;
        }
        for told in serde_json::from_slice::<Told>(message).map_or(Vec::new(), |it| it.otomos) {
            let number = told.user_id.strip_prefix("bench-otomo-");
            let number = number.and_then(|it| it.parse().ok());
            if let (Some(number), Some(status)) = (number, Status::of(told.status.as_bytes())) {
                self.0.insert(number, (status, told.version));
            }
        }
    }

    /// The status of an otomo, and its version.
    pub(super) fn of(&self, otomo: usize) -> Option<(Status, u64)> {
        self.0.get(&otomo).copied()
    }
}

impl Status {
    /// As it stands on the wire, or what begins with it.
    fn of(text: &[u8]) -> Option<Self> {
        match text {
            [b'o', b'n', ..] => Some(Self::Online),
            [b'b', b'r', ..] => Some(Self::Break),
            [b'o', b'f', ..] => Some(Self::Offline),
            _ => None,
        }
    }
}

/// Whose status a message tells, and which.
fn update(message: &[u8]) -> Option<(usize, Status)> {
    let rest = message.strip_prefix(UPDATE)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (otomo, rest) = rest.split_at_checked(end)?;
    let rest = rest.strip_prefix(br#"","status":""#)?;
    let status = Status::of(rest)?;
    Some((str::from_utf8(otomo).ok()?.parse().ok()?, status))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        cli::bench::user,
        protocol::{
            event::{Event, OtomoStatus, OtomoStatusUpdate},
            frame::Frame,
        },
    };

    /// The server's own message.
    pub(in crate::cli::bench::scenarios::presence) fn told(
        otomo: usize,
        status: OtomoStatus,
    ) -> Vec<u8> {
        let event = OtomoStatusUpdate {
            user_id: user("otomo", otomo).unwrap(),
            status,
            timestamp: 1,
            version: 2,
        };
        Frame::new(&Event::from(event)).json().to_vec()
    }

    /// The same with its version.
    pub(in crate::cli::bench::scenarios::presence) fn versioned(
        otomo: usize,
        status: OtomoStatus,
        version: u64,
    ) -> Vec<u8> {
        let mut message = told(otomo, status);
        message.pop();
        message.extend_from_slice(format!(r#","v":{version}}}"#).as_bytes());
        message
    }

    #[test]
    fn the_servers_own_messages_are_understood() {
        for (status, known) in [
            (OtomoStatus::Online, Some((207, Status::Online))),
            (OtomoStatus::Break, Some((207, Status::Break))),
            (OtomoStatus::Offline, Some((207, Status::Offline))),
            (OtomoStatus::Busy, None),
        ] {
            assert_eq!(update(&told(207, status)), known);
        }
        assert_eq!(update(br#"{"type":"ready","seq":0}"#), None);
    }

    #[test]
    fn each_watcher_that_is_looked_at_has_a_view_of_its_own() {
        let mut views = Views::new(3, SAMPLED * 4);
        assert_eq!(views.watchers(), SAMPLED);
        assert_eq!(Views::new(3, SAMPLED + 1).watchers(), SAMPLED / 2 + 1);
        assert_eq!(Views::new(3, SAMPLED * 2 - 1).watchers(), SAMPLED);
        let mut heard = |watcher, otomo| {
            let heard = views.heard(watcher, &told(otomo, OtomoStatus::Break));
            heard.unwrap()
        };
        assert!(heard(1, 2).is_none());
        assert!(heard(0, 3).is_none());
        let heard = heard(4, 2).unwrap();
        assert_eq!(
            (heard.otomo, heard.status, heard.before.status),
            (2, Status::Break, Status::Online)
        );
        let known: Vec<_> = views.of(2).map(|view| view.status).collect();
        assert_eq!(known.len(), SAMPLED);
        assert_eq!(known[..2], [Status::Online, Status::Break]);
        assert!(views.of(1).all(|view| view.status == Status::Online));
    }

    /// Goal: that a status is stale is seen even where it is the same as the newest. Method: one watcher hears every change,
    /// another only the first and the last; both are on break, with two changes between.
    #[test]
    fn a_stale_status_does_not_look_fresh_because_it_is_the_same() {
        let mut views = Views::new(1, 2);
        let mut hear = |watcher, status, version| {
            let heard = views.heard(watcher, &versioned(0, status, version));
            heard.unwrap().unwrap().behind
        };
        assert_eq!(hear(0, OtomoStatus::Break, 5), Duration::ZERO);
        assert!(hear(1, OtomoStatus::Break, 5) > Duration::ZERO);
        assert_eq!(hear(0, OtomoStatus::Online, 6), Duration::ZERO);
        let changed = Instant::now();
        assert_eq!(hear(0, OtomoStatus::Break, 7), Duration::ZERO);
        let again = Instant::now();
        // What it knows is on break, as is the newest, but it is stale since the change to online.
        assert_eq!(views.newest(0), 7);
        assert!(views.of(0).any(|it| it.version < views.newest(0)));
        let behind = views.heard(1, &versioned(0, OtomoStatus::Break, 7));
        assert!(behind.unwrap().unwrap().behind >= again - changed);
        assert!(views.of(0).all(|it| it.version == views.newest(0)));
    }

    #[test]
    fn what_is_older_than_what_is_known_is_wrong() {
        let mut views = Views::new(1, 1);
        let mut hear = |version| views.heard(0, &versioned(0, OtomoStatus::Break, version));
        assert!(hear(5).is_ok());
        assert!(hear(8).is_ok(), "some may be left out");
        assert!(hear(8).is_err());
        assert!(hear(7).is_err());
    }
}
