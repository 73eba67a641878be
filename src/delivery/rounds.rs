//! What was broadcast lately and has not reached every line of this worker yet.
//!
//! A worker walks its lines in steps (thousands of socket writes take tens of milliseconds) and other
//! work comes in between. So each broadcast frame has a number, each line remembers the last number it
//! has seen, and a line is caught up before anything addressed to it goes out: for one client the order
//! is always that in which the server spoke. What several updates leave for the same lines is joined
//! once and shared.

use std::{collections::HashSet, rc::Rc};

use bytes::{Bytes, BytesMut};

use crate::protocol::{
    frame::{Frame, Stamp, WireFormat},
    spec::Topics,
};

/// The place of a frame in the order of all broadcasts of this process. Starts at 1.
pub type Round = u64;

/// A broadcast frame with its place.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Its place.
    pub round: Round,
    /// What everybody gets.
    pub frame: Frame,
}

/// Which lines share the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Audience {
    pub(super) after: Round,
    pub(super) topics: Topics,
    pub(super) versioned: bool,
    pub(super) format: WireFormat,
}

/// What an audience is told, in one piece. Shared within a worker only: all workers share the bytes of a
/// frame, and counting references to those would make each delivery wait for the other workers' counting.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) bytes: Bytes,
    pub(super) frames: u64,
}

/// The log of one worker.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    log: Vec<Numbered>,
    latest: Round,
    /// Almost always one audience; a handful while lines are at different places.
    joined: Vec<(Audience, Rc<Joined>)>,
}

impl Rounds {
    pub(super) fn append(&mut self, frames: Vec<Numbered>) {
        if let Some(last) = frames.last() {
            self.latest = last.round;
            self.log.extend(frames);
            self.joined.clear();
        }
    }

    /// The last number that this worker has taken in.
    pub(super) fn latest(&self) -> Round {
        self.latest
    }

    /// How much is told in this pass.
    pub(super) fn told(&self) -> usize {
        self.log.len()
    }

    /// What is told in this pass.
    pub(super) fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.log.iter().map(|it| &it.frame)
    }

    /// Forgets what every line has seen. Also while more comes: under load there may be no moment at which all have seen all.
    pub(super) fn forget(&mut self, seen: Round) {
        let kept = self.log.partition_point(|it| it.round <= seen);
        self.log.drain(..kept);
        self.joined.clear();
    }

    /// What a line has not seen, oldest first, where a newer frame of the same key follows only the
    /// newer one.
    pub(super) fn frames_for(&self, audience: Audience) -> Vec<&Frame> {
        let mut newer = HashSet::new();
        let unseen = self
            .log
            .iter()
            .rev()
            .take_while(|it| it.round > audience.after);
        let mut frames: Vec<&Frame> = unseen
            .map(|it| &it.frame)
            .filter(|frame| audience.topics.contains(frame.topic()))
            .filter(|frame| frame.key().is_none_or(|key| newer.insert(key)))
            .collect();
        frames.reverse();
        frames
    }

    /// The same as bytes, made once per audience.
    pub(super) fn joined_for(&mut self, audience: Audience) -> Rc<Joined> {
        if let Some((_, joined)) = self.joined.iter().find(|(known, _)| *known == audience) {
            return Rc::clone(joined);
        }
        let frames = self.frames_for(audience);
        let bytes = match (frames.as_slice(), audience.versioned) {
            ([only], false) => only.shared(audience.format),
            (frames, versioned) => {
                let stamp = Stamp::versioned(versioned);
                let mut out = BytesMut::new();
                frames
                    .iter()
                    .for_each(|frame| frame.write(stamp, audience.format, &mut out));
                out.freeze()
            }
        };
        let joined = Rc::new(Joined {
            bytes,
            frames: frames.len() as u64,
        });
        self.joined.push((audience, Rc::clone(&joined)));
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::{Event, OtomoStatus, OtomoStatusUpdate};

    fn update(round: Round, otomo: &str, version: u64) -> Numbered {
        let event = OtomoStatusUpdate {
            user_id: otomo.parse().unwrap(),
            status: OtomoStatus::Online,
            timestamp: 0,
            version,
        };
        Numbered {
            round,
            frame: Frame::new(&Event::from(event)),
        }
    }

    fn everybody(after: Round) -> Audience {
        Audience {
            after,
            topics: Topics::ALL,
            versioned: false,
            format: WireFormat::WebSocket,
        }
    }

    #[test]
    fn a_line_gets_what_it_has_not_seen_and_of_each_otomo_only_the_newest() {
        let mut rounds = Rounds::default();
        rounds.append(vec![
            update(1, "a", 1),
            update(2, "b", 1),
            update(3, "a", 2),
        ]);
        let keys = |after| {
            let frames = rounds.frames_for(everybody(after));
            frames
                .iter()
                .map(|frame| frame.key().unwrap().id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(0), ["b", "a"]);
        assert_eq!(keys(2), ["a"]);
        assert!(keys(3).is_empty());
    }

    #[test]
    fn what_all_have_seen_is_forgotten_though_more_has_come() {
        let mut rounds = Rounds::default();
        rounds.append(vec![update(1, "a", 1), update(2, "b", 1)]);
        rounds.append(vec![update(3, "a", 2)]);
        rounds.forget(2);
        assert_eq!(rounds.log.len(), 1);
        assert_eq!(rounds.joined_for(everybody(2)).frames, 1);
        assert_eq!(rounds.latest(), 3);
    }

    #[test]
    fn lines_at_the_same_place_share_bytes() {
        let mut rounds = Rounds::default();
        rounds.append(vec![update(1, "a", 1), update(2, "b", 1)]);
        let first = rounds.joined_for(everybody(0));
        assert_eq!(
            first.bytes.as_ptr(),
            rounds.joined_for(everybody(0)).bytes.as_ptr()
        );
        assert_eq!(
            (first.frames, rounds.joined_for(everybody(1)).frames),
            (2, 1)
        );
        assert_eq!(rounds.joined_for(everybody(2)).frames, 0);
    }

    #[test]
    fn who_does_not_listen_gets_nothing() {
        let mut rounds = Rounds::default();
        rounds.append(vec![update(1, "a", 1)]);
        let deaf = Audience {
            topics: Topics::NONE,
            ..everybody(0)
        };
        assert!(rounds.joined_for(deaf).frames == 0);
    }
}
