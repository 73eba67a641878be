//! Everybody in list order, in parts.
//!
//! ```text
//!   parts   [ 128 to 256 otomo ] [ .. ] [ .. ]      each with its own JSON, encoded for the first who asks after a change in it
//!              └──────── a change moves one otomo: two parts are encoded anew, the others are shared as they are
//!
//!   up to 1,000 otomo:  one `otomo_status_snapshot`, the parts' JSON joined
//!   beyond:             one for each part, all but the last with `more`
//! ```
//!
//! # Why parts
//! A snapshot of 100,000 otomo is 10 MB. Encoded whole it took as long as half a thousand logins, after each change of
//! anybody, and it stood in the memory of each connection that had not read it. In parts a change costs what two parts cost,
//! all connections share the bytes of those that did not change between their snapshots, and a socket is never given more
//! than a part at a time. Compressing them was not tried: clients of event streams and of Socket.IO's polling get
//! none of ours, and 10 MB for 100,000 people is once, at the connect.
//!
//! A client that knows of one snapshot only is right up to [`WHOLE_MAX`] otomo; which is why they are told in one piece as
//! long as that is cheap.

use std::{cmp::Ordering, fmt::Write as _, iter::once, sync::OnceLock};

use super::{Entry, Place};
use crate::{
    kernel::ids::UserId,
    presence::rules::Rank,
    protocol::{
        event::OtomoEntry,
        frame::{Frame, Published},
        spec::{Kind, Priority, Topic},
    },
};

/// Otomo of a part; one that would have more is parted. At 0.3 µs and 100 bytes for each, encoding a part takes 50 µs, and it is
/// half of what a socket takes at a time.
const PART_MAX: usize = 256;

/// A part with fewer is joined with the next, if both fit into one.
const PART_MIN: usize = PART_MAX / 4;

/// The most otomo that are told in one message.
pub(super) const WHOLE_MAX: usize = 1_000;

/// Everybody, in list order.
#[derive(Debug, Default)]
pub(super) struct List {
    /// None of them empty.
    parts: Vec<Part>,
    len: usize,
}

#[derive(Debug)]
struct Part {
    entries: Vec<Entry>,
    /// Its entries as the snapshot has them, with commas between.
    json: OnceLock<String>,
    /// A snapshot of them alone, after which more come.
    frame: OnceLock<Frame>,
}

/// What the list is sorted by.
type Order<'a> = (Rank, &'a UserId);

impl Entry {
    fn order(&self) -> Order<'_> {
        (self.rank(), &self.otomo)
    }
}

impl Place {
    /// Whether an entry is there, or before.
    pub(super) fn is_past(&self, entry: &Entry) -> bool {
        entry.order() <= (self.rank, &self.otomo)
    }
}

impl List {
    /// Somebody with this rank.
    pub(super) fn get(&self, rank: Rank, otomo: &UserId) -> Option<&Entry> {
        let part = self.parts.get(self.part_of((rank, otomo)))?;
        part.entries.get(part.find((rank, otomo)).ok()?)
    }

    /// Takes in somebody who is not there.
    pub(super) fn insert(&mut self, entry: Entry) {
        let at = self.part_of(entry.order());
        self.len += 1;
        let Some(part) = self.parts.get_mut(at) else {
            return self.parts.push(Part::new(vec![entry]));
        };
        let (Ok(place) | Err(place)) = part.find(entry.order());
        part.change(|entries| entries.insert(place, entry));
        if part.entries.len() > PART_MAX {
            let rest = part.change(|entries| entries.split_off(PART_MAX / 2));
            self.parts.insert(at + 1, Part::new(rest));
        }
    }

    /// Takes somebody out.
    pub(super) fn remove(&mut self, rank: Rank, otomo: &UserId) -> Option<Entry> {
        let at = self.part_of((rank, otomo));
        let part = self.parts.get_mut(at)?;
        let place = part.find((rank, otomo)).ok()?;
        let removed = part.change(|entries| entries.remove(place));
        self.len -= 1;
        self.join_if_small(at);
        Some(removed)
    }

    fn join_if_small(&mut self, at: usize) {
        let len = |part: Option<&Part>| part.map_or(PART_MAX, |part| part.entries.len());
        let (own, next) = (len(self.parts.get(at)), len(self.parts.get(at + 1)));
        if own == 0 {
            self.parts.remove(at);
        } else if own < PART_MIN && own + next <= PART_MAX {
            let next = self.parts.remove(at + 1);
            if let Some(part) = self.parts.get_mut(at) {
                part.change(|entries| entries.extend(next.entries));
            }
        }
    }

    /// Everybody from the first one on of whom `before` is not true. It is true of those at the beginning, and of no others.
    pub(super) fn from(&self, before: impl Fn(&Entry) -> bool) -> impl Iterator<Item = &Entry> {
        let over = |part: &Part| part.entries.last().is_some_and(&before);
        let first = self.parts.partition_point(over);
        let mut rest = self.parts.iter().skip(first);
        let begun = rest.next().map_or(&[][..], |part| {
            let place = part.entries.partition_point(&before);
            part.entries.get(place..).unwrap_or_default()
        });
        begun.iter().chain(rest.flat_map(|part| &part.entries))
    }

    /// The snapshot: one message, or several.
    pub(super) fn snapshot(&self) -> Vec<Frame> {
        if self.len <= WHOLE_MAX {
            let parts: Vec<&str> = self.parts.iter().map(Part::json).collect();
            return vec![message(&parts.join(","), false)];
        }
        let Some((last, others)) = self.parts.split_last() else {
            return Vec::new();
        };
        let others = others.iter().map(|part| part.frame().clone());
        others.chain(once(message(last.json(), false))).collect()
    }

    /// The part that somebody is in, or belongs into.
    fn part_of(&self, order: Order<'_>) -> usize {
        let begins_before = |part: &Part| {
            let first = part.entries.first();
            first.is_some_and(|first| first.order() <= order)
        };
        self.parts.partition_point(begins_before).saturating_sub(1)
    }
}

impl Part {
    fn new(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            json: OnceLock::new(),
            frame: OnceLock::new(),
        }
    }

    fn find(&self, order: Order<'_>) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| -> Ordering { entry.order().cmp(&order) })
    }

    /// Changes what is in it; what was encoded of that no longer holds.
    fn change<T>(&mut self, change: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        self.json.take();
        self.frame.take();
        change(&mut self.entries)
    }

    fn json(&self) -> &str {
        self.json.get_or_init(|| encode(&self.entries))
    }

    fn frame(&self) -> &Frame {
        // Its own JSON is kept where parts are joined, and not beside the same in a frame.
        self.frame
            .get_or_init(|| message(&encode(&self.entries), true))
    }
}

fn encode(entries: &[Entry]) -> String {
    let mut json = String::new();
    for entry in entries {
        if !json.is_empty() {
            json.push(',');
        }
        // Our own types always encode.
        json.push_str(&serde_json::to_string(&OtomoEntry::from(entry)).unwrap_or_default());
    }
    json
}

/// `otomo_status_snapshot` ([`OtomoStatusSnapshot`](crate::protocol::event::OtomoStatusSnapshot)) from entries that are encoded
/// already.
fn message(otomos: &str, more: bool) -> Frame {
    const NAME: &str = "otomo_status_snapshot";
    let mut json = String::with_capacity(otomos.len() + 64);
    let more = if more { r#","more":true"# } else { "" };
    // A string takes what is written to it.
    let _ = write!(json, r#"{{"type":"{NAME}","otomos":[{otomos}]{more}}}"#);
    let snapshot = Published {
        name: NAME,
        topic: Topic::Otomo,
        kind: Kind::Preamble,
        priority: Priority::Normal,
        key: None,
    };
    Frame::published(&snapshot, json)
}
