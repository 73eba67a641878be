//! The cursor in a world that loses, repeats and reorders live events.

use proptest::prelude::*;

use super::*;

/// One stored event.
#[derive(Debug, Clone, Copy)]
struct Stored {
    /// Whether the connection's topics let it through.
    passes: bool,
    /// Whether it has expired by the time that a page is read.
    expired: bool,
}

/// A page as it was read, on its way to the connection.
struct Page {
    events: Vec<Seq>,
    through: Seq,
}

/// One thing that happens to the inbox or on the way from it.
#[derive(Debug, Clone)]
enum Step {
    /// An event is stored; its live copy comes at once, or never, or later as a repeat.
    Store { event: Stored, live: bool },
    /// A live copy of any stored event comes: late, repeated or ahead of others.
    Offer(prop::sample::Index),
    /// Another node, or the regular comparison, tells how far the stream reaches.
    Hear,
    /// A page of at most this many events is read, if the cursor wants one.
    Read(usize),
    /// The page that was read arrives, or its reading failed.
    Arrive { failed: bool },
    /// What came after a place is to be sent again.
    Rewind(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let event = (any::<bool>(), prop::bool::weighted(0.1))
        .prop_map(|(passes, expired)| Stored { passes, expired });
    prop_oneof![
        10 => (event, prop::bool::weighted(0.8))
            .prop_map(|(event, live)| Step::Store { event, live }),
        5 => any::<prop::sample::Index>().prop_map(Step::Offer),
        1 => Just(Step::Hear),
        5 => (1_usize..5).prop_map(Step::Read),
        5 => prop::bool::weighted(0.1).prop_map(|failed| Step::Arrive { failed }),
        1 => any::<prop::sample::Index>().prop_map(Step::Rewind),
    ]
}

/// The inbox, one connection to it, and the client at the other end.
struct World {
    stored: Vec<Stored>,
    cursor: Cursor,
    page: Option<Page>,
    /// What the client got: `prev` and `seq`.
    received: Vec<(Seq, Seq)>,
    /// Where it started: the place of its `connected`, or of the last rewind.
    start: Seq,
}

impl World {
    fn head(&self) -> Seq {
        Seq::new(self.stored.len() as u64)
    }

    fn event(&self, seq: Seq) -> Stored {
        self.stored[seq.get() as usize - 1]
    }

    fn note(&mut self, seq: Seq, offer: Offer) {
        if let Offer::SendNow { prev } = offer {
            self.received.push((prev, seq));
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Store { event, live } => {
                self.stored.push(event);
                if live {
                    self.offer(self.head());
                }
            }
            Step::Offer(which) if !self.stored.is_empty() => {
                self.offer(Seq::new(which.index(self.stored.len()) as u64 + 1));
            }
            Step::Offer(_) => {}
            Step::Hear => self.cursor.heard(self.head()),
            Step::Read(limit) => self.read(limit),
            Step::Arrive { failed } => self.arrive(failed),
            Step::Rewind(which) => {
                let after = Seq::new(which.index(self.stored.len() + 1) as u64);
                if after < self.cursor.sent() {
                    self.check_received();
                    self.received.clear();
                    self.start = after;
                }
                self.cursor.rewind(after);
            }
        }
    }

    fn offer(&mut self, seq: Seq) {
        let offer = self.cursor.offer(seq, self.event(seq).passes);
        self.note(seq, offer);
    }

    /// What the client got since it started is in order, and `prev` shows that nothing is missing. Returns how far it is.
    fn check_received(&self) -> Seq {
        let mut prev = self.start;
        for (told, seq) in &self.received {
            assert!(*seq > prev, "{seq:?} after {prev:?}");
            assert_eq!(*told, prev);
            let missed = (prev.next().get()..seq.get()).map(Seq::new);
            for seq in missed.map(|seq| self.event(seq)) {
                assert!(!seq.passes || seq.expired, "passed over {seq:?}");
            }
            assert!(self.event(*seq).passes);
            prev = *seq;
        }
        prev
    }

    fn read(&mut self, limit: usize) {
        let Some(after) = self.cursor.next_page_after() else {
            return;
        };
        assert!(self.page.is_none(), "two pages at once");
        let later = (after.next().get()..=self.head().get()).map(Seq::new);
        let alive = later.filter(|seq| !self.event(*seq).expired);
        let events: Vec<Seq> = alive.take(limit).collect();
        let full = events.len() == limit;
        let through = events.last().filter(|_| full).copied();
        let through = through.unwrap_or(self.head());
        self.page = Some(Page { events, through });
    }

    fn arrive(&mut self, failed: bool) {
        let Some(page) = self.page.take() else {
            return;
        };
        if failed {
            return self.cursor.page_done(Seq::default());
        }
        for seq in page.events {
            let offer = self.cursor.replay(seq, self.event(seq).passes);
            self.note(seq, offer);
        }
        self.cursor.page_done(page.through);
    }
}

proptest! {
    /// Goal: whatever happens on the way, the client gets every event that its topics let through, once, in
    /// order, and can tell from `prev` that nothing is missing; and all of it again from where it is rewound to.
    /// Method: random stores, losses, repeats, hints, slow pages, failed reads and rewinds; then the way is healed
    /// and the rest paged, and what the client got is compared with what was stored.
    #[test]
    fn the_client_gets_everything_once_in_order(
        before in prop::collection::vec(any::<bool>(), 0..20),
        start in any::<prop::sample::Index>(),
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let stored: Vec<Stored> = before
            .into_iter()
            .map(|passes| Stored { passes, expired: false })
            .collect();
        let start = Seq::new(start.index(stored.len() + 1) as u64);
        let head = Seq::new(stored.len() as u64);
        let cursor = Cursor::new(start, head);
        let mut world = World { stored, cursor, page: None, received: Vec::new(), start };
        for step in steps {
            world.apply(step);
        }
        world.apply(Step::Hear);
        world.apply(Step::Arrive { failed: false });
        while world.cursor.is_behind() {
            world.apply(Step::Read(3));
            world.apply(Step::Arrive { failed: false });
        }

        let prev = world.check_received();
        let rest = (prev.next().get()..=world.head().get()).map(Seq::new);
        for seq in rest.map(|seq| world.event(seq)) {
            prop_assert!(!seq.passes || seq.expired, "never sent {:?}", seq);
        }
    }
}

#[test]
fn what_is_next_goes_straight_out_and_a_gap_waits_for_its_page() {
    let [first, second, third] = [1, 2, 3].map(Seq::new);
    let mut cursor = Cursor::new(Seq::default(), Seq::default());
    let start = Seq::default();
    assert_eq!(cursor.offer(first, true), Offer::SendNow { prev: start });
    assert_eq!(cursor.offer(first, true), Offer::Duplicate);
    assert_eq!(cursor.offer(third, true), Offer::Behind);
    assert_eq!(
        cursor.offer(second, true),
        Offer::Behind,
        "order is the page's"
    );
    assert_eq!(cursor.next_page_after(), Some(first));
    assert_eq!(cursor.next_page_after(), None, "one page at a time");
    assert_eq!(cursor.replay(second, false), Offer::Skip);
    assert_eq!(cursor.replay(third, true), Offer::SendNow { prev: first });
    cursor.page_done(third);
    assert!(!cursor.is_behind());
}

#[test]
fn what_cannot_be_sent_is_passed_and_told_once() {
    let [first, second, third] = [1, 2, 3].map(Seq::new);
    let mut cursor = Cursor::new(Seq::default(), third);
    let start = cursor.next_page_after().unwrap();
    assert_eq!(cursor.replay(first, true), Offer::SendNow { prev: start });
    assert!(cursor.pass(second));
    assert!(!cursor.pass(second), "it has been told");
    assert_eq!(cursor.replay(third, true), Offer::SendNow { prev: second });
    cursor.page_done(third);
    assert!(!cursor.is_behind());
    // What is read anew comes with a page of its own.
    cursor.heard(Seq::new(5));
    cursor.next_page_after().unwrap();
    cursor.rewind(start);
    assert!(!cursor.pass(Seq::new(4)));
    cursor.page_done(Seq::new(5));
    assert_eq!(cursor.next_page_after(), Some(start));
}

#[test]
fn a_cursor_costs_thirty_two_bytes() {
    assert_eq!(size_of::<Cursor>(), 32);
}
