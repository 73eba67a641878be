//! Which channels a node holds, and what is to be said of that to Redis. Pure but for those who wait.
//!
//! ```text
//!            hold                take: SUBSCRIBE             confirmed
//!   (none) ───────> wanted ──────────────────────> asked ──────────────> heard
//!      ^                                                                   │ release, the last
//!      └────────────────────── take: UNSUBSCRIBE <── unwanted <────────────┘
//! ```
//! What is said of one channel is said by one task, one batch after the other, so it arrives in order.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use tokio::sync::oneshot;

use super::Channel;

/// Channels that are subscribed to with one command. It takes Redis well under a millisecond, and lets other commands come in
/// between.
pub(super) const BATCH: usize = 512;

/// The channels of a node.
#[derive(Debug, Default)]
pub(super) struct Holds {
    channels: HashMap<Channel, Hold>,
    /// Those of which something is to be said. Some may have changed back.
    changed: HashSet<Channel>,
}

#[derive(Debug, Default)]
struct Hold {
    count: usize,
    stage: Stage,
    /// Whoever waits until it is heard.
    waiting: Vec<oneshot::Sender<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Redis was not told.
    #[default]
    Silent,
    /// Redis was asked and has not confirmed.
    Asked,
    /// What is said there is heard.
    Heard,
}

/// What is to be said next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) subscribe: Vec<Channel>,
    pub(super) unsubscribe: Vec<Channel>,
}

impl Holds {
    /// One more holds a channel. Returns what resolves once it is heard; `None` if it is heard already.
    pub(super) fn hold(&mut self, channel: &Channel) -> Option<oneshot::Receiver<()>> {
        let hold = self.channels.entry(channel.clone()).or_default();
        hold.count += 1;
        if hold.stage == Stage::Heard {
            return None;
        }
        if hold.stage == Stage::Silent {
            self.changed.insert(channel.clone());
        }
        let (heard, wait) = oneshot::channel();
        hold.waiting.push(heard);
        Some(wait)
    }

    /// One less holds a channel. Returns whether Redis is to be told.
    pub(super) fn release(&mut self, channel: &Channel) -> bool {
        let Entry::Occupied(mut hold) = self.channels.entry(channel.clone()) else {
            debug_assert!(false, "{channel:?} was released and is not held");
            return false;
        };
        debug_assert!(hold.get().count > 0, "{channel:?} was released too often");
        hold.get_mut().count = hold.get().count.saturating_sub(1);
        if hold.get().count > 0 {
            return false;
        }
        if hold.get().stage == Stage::Silent {
            hold.remove();
            self.changed.remove(channel);
            return false;
        }
        self.changed.insert(channel.clone());
        true
    }

    /// Whether somebody holds a channel.
    pub(super) fn is_held(&self, channel: &Channel) -> bool {
        self.channels
            .get(channel)
            .is_some_and(|hold| hold.count > 0)
    }

    /// Whether what is said on a channel after this comes back.
    pub(super) fn echoes(&self, channel: &Channel) -> bool {
        let hold = self.channels.get(channel);
        hold.is_some_and(|hold| hold.stage != Stage::Silent)
    }

    /// What is to be said next, in one batch. It counts as said.
    pub(super) fn take(&mut self) -> Changes {
        let mut changes = Changes::default();
        let some: Vec<Channel> = self.changed.iter().take(BATCH).cloned().collect();
        for channel in some {
            self.changed.remove(&channel);
            let Entry::Occupied(mut hold) = self.channels.entry(channel) else {
                continue;
            };
            match (hold.get().count, hold.get().stage) {
                (0, Stage::Silent) => {
                    hold.remove();
                }
                (0, Stage::Asked | Stage::Heard) => {
                    changes.unsubscribe.push(hold.key().clone());
                    hold.remove();
                }
                (_, Stage::Silent) => {
                    hold.get_mut().stage = Stage::Asked;
                    changes.subscribe.push(hold.key().clone());
                }
                (_, Stage::Asked | Stage::Heard) => {}
            }
        }
        changes
    }

    /// Redis has confirmed a batch.
    pub(super) fn confirmed(&mut self, subscribed: &[Channel]) {
        for channel in subscribed {
            if let Some(hold) = self.channels.get_mut(channel) {
                hold.stage = Stage::Heard;
                for wait in hold.waiting.drain(..) {
                    // Whoever has given up needs no answer.
                    let _ = wait.send(());
                }
            }
        }
    }

    /// Nothing is heard any more: everything is to be said anew, and nobody waits for it.
    pub(super) fn lost(&mut self) {
        self.channels.retain(|_, hold| hold.count > 0);
        for hold in self.channels.values_mut() {
            hold.stage = Stage::Silent;
            hold.waiting.clear();
        }
        self.changed = self.channels.keys().cloned().collect();
    }

    /// Whether nothing is left to be said.
    pub(super) fn is_settled(&self) -> bool {
        self.changed.is_empty()
    }

    /// How many channels are held.
    pub(super) fn len(&self) -> usize {
        self.channels.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(number: usize) -> Channel {
        Channel::Room(format!("game_{number}").parse().unwrap())
    }

    fn subscribe(rooms: &[usize]) -> Changes {
        Changes {
            subscribe: rooms.iter().map(|number| room(*number)).collect(),
            ..Changes::default()
        }
    }

    #[test]
    fn a_channel_is_asked_for_once_and_given_up_with_the_last_release() {
        let mut holds = Holds::default();
        let mut first = holds.hold(&room(1)).unwrap();
        let _second = holds.hold(&room(1)).unwrap();
        assert!(!holds.echoes(&room(1)));
        assert_eq!(holds.take(), subscribe(&[1]));
        assert!(holds.echoes(&room(1)) && first.try_recv().is_err());
        holds.confirmed(&[room(1)]);
        assert!(first.try_recv().is_ok() && holds.hold(&room(1)).is_none());
        assert!(!holds.release(&room(1)) && !holds.release(&room(1)));
        assert_eq!(holds.take(), Changes::default());
        assert!(holds.release(&room(1)));
        let given_up = Changes {
            unsubscribe: vec![room(1)],
            ..Changes::default()
        };
        assert_eq!(holds.take(), given_up);
        assert!(!holds.echoes(&room(1)) && holds.len() == 0);
    }

    #[test]
    fn what_changes_back_in_time_is_not_said() {
        let mut holds = Holds::default();
        drop(holds.hold(&room(1)));
        assert!(!holds.release(&room(1)));
        assert_eq!(holds.take(), Changes::default());
        drop(holds.hold(&room(2)));
        assert_eq!(holds.take(), subscribe(&[2]));
        assert!(holds.release(&room(2)));
        // It comes back while the first answer is on its way, and is heard with it.
        let mut again = holds.hold(&room(2)).unwrap();
        assert_eq!(holds.take(), Changes::default());
        holds.confirmed(&[room(2)]);
        assert!(again.try_recv().is_ok());
    }

    #[test]
    fn after_a_loss_everything_is_asked_for_again_and_nobody_waits() {
        let mut holds = Holds::default();
        let mut waits = Vec::new();
        for number in 0..BATCH + 3 {
            waits.push(holds.hold(&room(number)).unwrap());
        }
        let first = holds.take();
        holds.confirmed(&first.subscribe);
        assert_eq!(first.subscribe.len(), BATCH);
        holds.release(&first.subscribe[0]);
        holds.lost();
        assert!(
            waits
                .iter_mut()
                .all(|wait| !matches!(wait.try_recv(), Err(oneshot::error::TryRecvError::Empty)))
        );
        let again = [holds.take(), holds.take(), holds.take()];
        let asked: Vec<usize> = again.iter().map(|it| it.subscribe.len()).collect();
        assert_eq!(asked, [BATCH, 2, 0]);
        assert!(again.iter().all(|it| it.unsubscribe.is_empty()) && holds.is_settled());
    }
}
