//! What one person receives over all their connections, checked as it arrives.

use std::collections::BTreeMap;

use crate::{
    mirror::Unread,
    support::{Json, field},
};

/// What one person has received.
pub struct Received {
    who: String,
    /// Every durable event, by its `seq`.
    events: BTreeMap<u64, Json>,
    /// The last of them.
    pub last: u64,
    /// The last durable event on this connection, or where it began.
    last_here: u64,
    /// The first snapshot of all, and every event since.
    unread: Option<Unread>,
    /// A later snapshot, which must be what the first one has become once it is as old.
    due: Option<Unread>,
    /// How far they have certainly read, by conversation: what was acknowledged.
    read: BTreeMap<String, u64>,
    /// How many snapshots were compared, and agreed.
    pub agreed: usize,
}

impl Received {
    pub fn of(who: &str) -> Self {
        Self {
            who: who.to_owned(),
            events: BTreeMap::new(),
            last: 0,
            last_here: 0,
            unread: None,
            due: None,
            read: BTreeMap::new(),
            agreed: 0,
        }
    }

    /// A new connection begins, resuming after `last`.
    pub fn begin(&mut self, last: u64) {
        self.last_here = last;
    }

    /// Takes an event of the latest connection.
    pub fn hear(&mut self, event: &Json) {
        let who = &self.who;
        match field(event, "type") {
            "connected" => {
                assert_eq!(
                    event["seq"], self.last_here,
                    "{who} goes on where they were: {event}"
                );
                assert_eq!(event["resumed"], true, "{who} goes on: {event}");
            }
            "resync" => panic!("{who} was told to start over: {event}"),
            "unread_snapshot" => self.compare(event),
            "message_read_ack" => {
                let conversation = field(event, "conversationId").to_owned();
                let seq = event["messageSeq"].as_u64().expect("a seq");
                let read = self.read.entry(conversation).or_default();
                *read = seq.max(*read);
            }
            _ if event["prev"].is_u64() => self.append(event),
            _ => {}
        }
    }

    /// A durable event: the next one on this connection, and the next one of all or a known one.
    fn append(&mut self, event: &Json) {
        let who = &self.who;
        let seq = event["seq"].as_u64().expect("a seq");
        assert_eq!(event["prev"], self.last_here, "{who}: the chain breaks");
        assert!(seq > self.last_here, "{who}: {event}");
        self.last_here = seq;
        let mut plain = event.clone();
        if let Some(fields) = plain.as_object_mut() {
            fields.retain(|name, _| name != "prev" && name != "sse");
        }
        if let Some(known) = self.events.get(&seq) {
            assert_eq!(*known, plain, "{who}: two events in one place");
            return;
        }
        // Whoever listens to all that is stored for them misses no number.
        assert_eq!(
            seq,
            self.last + 1,
            "{who} has missed what is before {event}"
        );
        self.last = seq;
        let unread = self.unread.as_mut().expect("snapshots come first");
        unread.hear(event);
        self.events.insert(seq, plain);
        self.settle();
    }

    /// A snapshot: the first is what everything is built upon, each later one must agree with it.
    pub fn compare(&mut self, snapshot: &Json) {
        let snapshot = Unread::of(&self.who, snapshot);
        match &self.unread {
            None => self.unread = Some(snapshot),
            // Events have overtaken it.
            Some(unread) if snapshot.as_of() < unread.as_of() => {}
            Some(_) => self.due = Some(snapshot),
        }
        self.settle();
    }

    fn settle(&mut self) {
        let (Some(unread), Some(due)) = (&self.unread, &self.due) else {
            return;
        };
        if due.as_of() == unread.as_of() && due.as_of() <= self.last {
            assert_eq!(
                unread, due,
                "{}: the old one and events, and the fresh one",
                self.who
            );
            self.due = None;
            self.agreed += 1;
        }
    }

    /// What is unread, as the first snapshot and the events since say.
    #[allow(
        dead_code,
        reason = "for those who hold two of them against each other"
    )]
    pub fn unread(&self) -> Option<&Unread> {
        self.unread.as_ref()
    }

    /// Whether everything that the last snapshot implies has arrived.
    pub fn is_caught_up(&self) -> bool {
        self.unread.is_some() && self.due.is_none()
    }

    /// The messages by conversation, in the order of their arrival.
    pub fn messages(&self) -> BTreeMap<&str, Vec<&Json>> {
        let mut found: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
        for event in self.events.values() {
            if event["type"] == "new-message" {
                let conversation = field(event, "conversationId");
                found.entry(conversation).or_default().push(event);
            }
        }
        found
    }

    /// Asserts that what was acknowledged as read is read.
    pub fn reads_stand(&self) {
        let unread = self.unread.as_ref().expect("a snapshot");
        for (conversation, seq) in &self.read {
            assert!(
                unread.read(conversation) >= *seq,
                "{}: {conversation}",
                self.who
            );
        }
    }
}
