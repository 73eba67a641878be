//! Those of a town who write to each other: who is there, who is free for what, and whether each hears all that is theirs.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{day::Chance, random_set::RandomSet};
use crate::cli::bench::{
    fault::BenchFault,
    peek::{kind, number},
    scenarios::streams::{place, torn},
};

/// Who has typed is not heard of typing again before this.
const TYPES_AGAIN: Duration = Duration::from_secs(10);

/// A user who writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Chatter {
    /// That with the one beside them, once they have heard of it.
    pub(super) conversation: Option<String>,
    /// Since when they are on their way in, if they are.
    pub(super) coming: Option<Instant>,
    /// Since when their message waits for its acknowledgement, and their typing to be heard by the one beside them.
    pub(super) writing: Option<Instant>,
    pub(super) typing: Option<Instant>,
    /// Whether they have typed a short while ago.
    typed: bool,
    /// The last durable event that they have heard.
    pub(super) seq: Option<u64>,
    /// Messages to them that were acknowledged, less those that they have heard.
    owed: i64,
}

/// Since when each of those who are on their way in is, and when each message was due that is not acknowledged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) coming: Vec<Instant>,
    pub(super) writing: Vec<Instant>,
}

/// What somebody can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ability {
    /// To hear something: they and the one beside them are there.
    Hear,
    /// To write, or to lose their connection: they wait for no acknowledgement, too.
    Write,
    /// To type: they know the conversation, and have not typed a short while ago.
    Type,
}

/// Those who write. Who comes first leaves last, so those who are there are the first of all.
pub(super) struct Chatters {
    all: Vec<Chatter>,
    here: usize,
    chance: Chance,
    /// By what they can do, in the order of [`Ability`].
    free: [RandomSet; 3],
    /// Those who are there and are on their way in, wait for an acknowledgement, or have not heard all that is theirs.
    busy: RandomSet,
    /// Who has typed, and since when.
    typed: VecDeque<(Instant, usize)>,
}

impl Chatters {
    /// So many, the first `here` of whom are there.
    pub(super) fn new(all: usize, here: usize) -> Self {
        let mut chatters = Self {
            all: vec![Chatter::default(); all],
            here,
            chance: Chance(0x6f74_6f6d_6f21),
            free: std::array::from_fn(|_| RandomSet::none_of(all)),
            busy: RandomSet::none_of(all),
            typed: VecDeque::new(),
        };
        for number in 0..here {
            chatters.settle(number);
        }
        chatters
    }

    pub(super) fn here(&self) -> usize {
        self.here
    }

    pub(super) fn get(&self, number: usize) -> Option<&Chatter> {
        self.all.get(number)
    }

    /// Changes somebody, and who is free for what with them.
    pub(super) fn change<T>(
        &mut self,
        number: usize,
        change: impl FnOnce(&mut Chatter) -> T,
    ) -> Option<T> {
        let changed = change(self.all.get_mut(number)?);
        self.settle(number);
        self.settle(number ^ 1);
        Some(changed)
    }

    /// One more comes, or the last one goes, if so many should be there: their number, and whether they come.
    pub(super) fn follow(&mut self, wanted: usize, now: Instant) -> Option<(usize, bool)> {
        let wanted = wanted.clamp(2, self.all.len());
        if self.here < wanted {
            let number = self.here;
            self.here += 1;
            self.change(number, |it| it.coming = Some(now))?;
            return Some((number, true));
        }
        let last = self.here.checked_sub(1)?;
        let is_idle = |it: &Chatter| it.coming.is_none() && it.writing.is_none();
        if self.here > wanted && self.all.get(last).is_some_and(is_idle) {
            self.here = last;
            self.change(last, |it| it.typing = None)?;
            return Some((last, false));
        }
        None
    }

    /// Anybody who can do that: if there is one, one is found.
    pub(super) fn anybody(&mut self, ability: Ability) -> Option<usize> {
        if ability == Ability::Type {
            self.rest(Instant::now());
        }
        self.free.get(ability as usize)?.anybody(&mut self.chance)
    }

    /// Somebody types.
    pub(super) fn types(&mut self, number: usize, due: Instant) {
        self.change(number, |it| (it.typing, it.typed) = (Some(due), true));
        self.typed.push_back((Instant::now(), number));
    }

    /// Those who have typed long enough ago may type again.
    fn rest(&mut self, now: Instant) {
        let long_ago =
            |typed: &mut (Instant, usize)| now.saturating_duration_since(typed.0) > TYPES_AGAIN;
        while let Some((_, number)) = self.typed.pop_front_if(long_ago) {
            self.change(number, |it| it.typed = false);
        }
    }

    /// Somebody has heard something durable, or where their stream is when they connect: it must go on where they are.
    ///
    /// # Errors
    /// If there is a gap, or something comes twice.
    pub(super) fn follows(&mut self, who: usize, message: &[u8]) -> Result<(), BenchFault> {
        let Some(chatter) = self.all.get_mut(who) else {
            return Ok(());
        };
        match (place(message), chatter.seq, kind(message)) {
            (Some((seq, prev)), Some(known), _) if prev != known || seq <= known => {
                Err(torn(who, message))
            }
            (Some((seq, _)), ..) => {
                chatter.seq = Some(seq);
                Ok(())
            }
            (None, _, b"resync") => Err(torn(who, message)),
            (None, None, b"connected") => {
                chatter.seq = number(message, "seq");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A message from the one beside them was acknowledged, which is a debt, or heard, which pays it.
    pub(super) fn owe(&mut self, number: usize, messages: i64) {
        self.change(number, |it| it.owed += messages);
    }

    /// Since when those who wait do so.
    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            coming: self.all.iter().filter_map(|it| it.coming).collect(),
            writing: self.all.iter().filter_map(|it| it.writing).collect(),
        }
    }

    /// How many are on their way in, wait for an acknowledgement, or have not heard all that is theirs.
    pub(super) fn busy(&self) -> usize {
        self.busy.len()
    }

    /// Puts somebody where they belong.
    fn settle(&mut self, number: usize) {
        let [Some(one), Some(other)] = [number, number ^ 1].map(|it| self.all.get(it)) else {
            return;
        };
        let is_here = number < self.here;
        let hears = (number | 1) < self.here && one.coming.is_none() && other.coming.is_none();
        let writes = hears && one.writing.is_none();
        let types = hears && one.conversation.is_some() && !one.typed;
        let waits = one.coming.is_some() || one.writing.is_some() || one.owed != 0;
        for (free, can) in self.free.iter_mut().zip([hears, writes, types]) {
            free.set(number, can);
        }
        self.busy.set(number, is_here && waits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All who are chosen for that within a hundred times.
    fn chosen(chatters: &mut Chatters, ability: Ability) -> Vec<usize> {
        let mut chosen: Vec<_> = (0..100).filter_map(|_| chatters.anybody(ability)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    #[test]
    fn who_waits_is_told_with_since_when() {
        let mut chatters = Chatters::new(6, 4);
        let now = Instant::now();
        let due = now + Duration::from_secs(1);
        chatters.follow(6, now);
        chatters.change(1, |it| it.writing = Some(due));
        let (coming, writing) = (vec![now], vec![due]);
        assert_eq!(chatters.waiting(), Waiting { coming, writing });
    }

    #[test]
    fn who_comes_first_leaves_last_and_not_in_the_middle_of_something() {
        let mut chatters = Chatters::new(6, 4);
        let now = Instant::now();
        assert_eq!(chatters.follow(6, now), Some((4, true)));
        assert_eq!(chatters.follow(4, now), None, "still on the way in");
        chatters.change(4, |it| it.coming = None);
        assert_eq!(chatters.follow(4, now), Some((4, false)));
        assert_eq!(chatters.follow(4, now), None, "as many as there should be");
        assert_eq!(chatters.here(), 4);
    }

    #[test]
    fn who_is_chosen_is_there_and_not_alone() {
        let mut chatters = Chatters::new(8, 5);
        assert_eq!(chosen(&mut chatters, Ability::Hear), [0, 1, 2, 3]);
        chatters.change(0, |it| it.coming = Some(Instant::now()));
        assert_eq!(chatters.busy(), 1);
        assert_eq!(
            chosen(&mut chatters, Ability::Hear),
            [2, 3],
            "1 would speak to nobody"
        );
        chatters.follow(6, Instant::now());
        chatters.change(5, |it| it.coming = None);
        assert_eq!(chosen(&mut chatters, Ability::Hear), [2, 3, 4, 5]);
    }

    #[test]
    fn the_last_one_who_is_free_is_found() {
        let mut chatters = Chatters::new(1_000, 1_000);
        for number in (0..1_000).filter(|it| *it != 617) {
            chatters.change(number, |it| it.writing = Some(Instant::now()));
        }
        assert_eq!(chatters.anybody(Ability::Write), Some(617));
        chatters.change(617, |it| it.writing = Some(Instant::now()));
        assert_eq!(chatters.anybody(Ability::Write), None);
        chatters.change(3, |it| it.writing = None);
        assert_eq!(chatters.anybody(Ability::Write), Some(3));
    }

    #[test]
    fn who_types_knows_the_conversation_and_has_rested() {
        let mut chatters = Chatters::new(4, 4);
        assert_eq!(chatters.anybody(Ability::Type), None);
        chatters.change(2, |it| it.conversation = Some("c".to_owned()));
        assert_eq!(chatters.anybody(Ability::Type), Some(2));
        chatters.types(2, Instant::now());
        assert_eq!(chatters.anybody(Ability::Type), None);
        chatters.rest(Instant::now() + TYPES_AGAIN + Duration::from_secs(1));
        assert_eq!(chatters.anybody(Ability::Type), Some(2));
    }

    #[test]
    fn a_gap_and_a_repeat_are_wrong_and_so_is_a_stream_that_begins_anew() {
        let event = |seq: u64, prev: u64| {
            format!(r#"{{"type":"new-message","body":"a, b","seq":{seq},"prev":{prev}}}"#)
        };
        let connected = r#"{"type":"connected","seq":7,"resumed":true}"#.to_owned();
        let resync = r#"{"type":"resync","reason":"retention","firstSeq":8,"seq":9}"#.to_owned();
        for (told, right) in [
            (vec![connected.clone(), event(8, 7), event(9, 8)], true),
            // Its topics may keep something away, but what was sent is a chain.
            (vec![connected.clone(), event(9, 7), event(12, 9)], true),
            (vec![event(5, 2), connected.clone(), event(6, 5)], true),
            (vec![connected.clone(), event(9, 8)], false),
            (vec![connected.clone(), event(8, 7), event(8, 7)], false),
            (vec![connected, resync], false),
        ] {
            let mut chatters = Chatters::new(2, 2);
            let mut told_all = told.iter().map(|it| chatters.follows(0, it.as_bytes()));
            assert_eq!(told_all.all(|it| it.is_ok()), right, "{told:?}");
        }
    }

    #[test]
    fn who_has_not_heard_all_that_is_theirs_keeps_the_run_going() {
        let mut chatters = Chatters::new(4, 2);
        chatters.owe(1, 1);
        assert_eq!(chatters.busy(), 1);
        chatters.owe(1, -1);
        assert_eq!(chatters.busy(), 0);
        // Heard before the acknowledgement came, which is on its way.
        chatters.owe(1, -1);
        assert_eq!(chatters.busy(), 1);
        chatters.owe(3, 1);
        assert_eq!(
            chatters.busy(),
            1,
            "who is away hears it when they are back"
        );
    }
}
