//! A town through its day: what is due is done, and what comes of it is noted.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{
    chatters::{Ability, Chatters},
    day::{Act, Acts, Day},
    people::{People, Person, Restless},
};
use crate::{
    cli::bench::{
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Progress},
        peek::{field, kind, number},
        refusal,
        scenarios::{
            calls::{Ledger, Side},
            streams,
        },
        stage::{Actions, Play},
        target::{Target, backend::Backend},
        transport::Ticket,
        user,
    },
    kernel::identity::Role,
};

/// How long a call goes on.
const TALK: Duration = Duration::from_secs(2);

/// What the backend says to users.
const NOTE: &str = "bench_note";

const TEXT: &str = "今日は何時に話せますか？";

/// Everybody, and what was measured.
pub(crate) struct Town {
    people: People,
    day: Day,
    began: Instant,
    acts: Acts,
    tickets: Vec<Ticket>,
    ledger: Ledger,
    chatters: Chatters,
    restless: Vec<Restless>,
    /// Otomo without an unacknowledged change, the one idle longest first.
    rested: VecDeque<usize>,
    backend: Backend,
    /// How the names of this run's messages begin.
    run: Uuid,
    /// Messages so far: how their names end.
    messages: u64,
    /// By act, what was due and could not be begun, since nobody was free.
    skipped: [u64; Act::ALL.len()],
    /// By act, what was begun.
    begun: [u64; Act::ALL.len()],
    /// By act, in their order; of calls the ledger knows.
    meters: [Meter; Act::ALL.len()],
    /// All acts that were done.
    meter: Meter,
}

impl Town {
    /// Those who are there when the day begins come in.
    pub(crate) fn admit(
        crowd: &mut Crowd,
        target: &Target,
        people: People,
        acts: Acts,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        let day = acts.day();
        let ticket = |client| {
            let person = people.who(client);
            let (name, number) = People::name(person);
            let role = match person {
                Person::Otomo(_) | Person::Restless(_) => Role::Otomo,
                Person::Caller(_) | Person::Chatter(_) => Role::User,
            };
            target.ticket(user(name, number)?, role, "otomo,calls,chat,friends,rooms")
        };
        let tickets = (0..people.all()).map(ticket);
        let tickets = tickets.collect::<Result<Vec<_>, BenchFault>>()?;
        let here = people.chatters as f64 * day.level(Duration::ZERO);
        let mut chatters = Chatters::new(people.chatters, (here as usize).max(2));
        let first = people.client(Person::Chatter(chatters.here()));
        let seqs = streams::admit(crowd, tickets.get(..first).unwrap_or_default())?;
        for (client, seq) in seqs.into_iter().enumerate() {
            if let Person::Chatter(number) = people.who(client) {
                chatters.change(number, |it| it.seq = Some(seq));
            }
        }
        let otomo = (0..people.pairs).map(|number| user("otomo", number));
        let otomo = otomo.collect::<Result<Vec<_>, _>>()?;
        let quiet = || Meter::new("acts", 0, Progress::Silent);
        Ok(Self {
            people,
            day,
            began: Instant::now(),
            acts,
            tickets,
            ledger: Ledger::new(otomo, TALK, quiet()),
            chatters,
            restless: vec![Restless::default(); people.restless],
            rested: (0..people.restless).collect(),
            backend: Backend::connect(target, 1)?,
            run: Uuid::new_v4(),
            messages: 0,
            skipped: [0; Act::ALL.len()],
            begun: [0; Act::ALL.len()],
            meters: std::array::from_fn(|_| quiet()),
            meter,
        })
    }

    /// How long an act of this kind takes.
    pub(crate) fn meter_of(&self, act: Act) -> Option<&Meter> {
        match act {
            Act::Call => Some(&self.ledger.figures.set_up),
            _ => self.meters.get(act as usize),
        }
    }

    fn done(&mut self, act: Act, due: Instant) {
        let took = due.elapsed();
        if let Some(meter) = self.meters.get_mut(act as usize) {
            meter.came(took);
        }
        self.meter.came(took);
    }

    /// Acts that were due and could not be begun, since nobody was free.
    pub(crate) fn skipped(&self) -> [u64; Act::ALL.len()] {
        self.skipped
    }

    /// Acts that were begun and never came to their end, once nothing is under way any more: what does not wait for anybody
    /// (typing, events) went to a connection that broke.
    pub(crate) fn unseen(&self) -> u64 {
        self.unfinished().iter().sum()
    }

    /// By act, how many were begun and have not come to their end.
    fn unfinished(&self) -> [u64; Act::ALL.len()] {
        let mut left = self.begun;
        for (left, act) in left.iter_mut().zip(Act::ALL) {
            let done = self.meter_of(act).map_or(0, Meter::count);
            *left = left.saturating_sub(done);
        }
        left
    }

    /// An act is due: somebody does it, if somebody can; either is counted.
    fn due(&mut self, act: Act, due: Instant, actions: &mut Actions) {
        let counts = match self.act(act, due, actions) {
            Some(()) => &mut self.begun,
            None => &mut self.skipped,
        };
        count(counts, act);
    }

    fn act(&mut self, act: Act, due: Instant, actions: &mut Actions) -> Option<()> {
        match act {
            Act::Call => {
                let (caller, request) = self.ledger.begin(due)?;
                let client = self.people.client(Person::Caller(caller));
                actions.due_by_clock(due).say(client, request);
            }
            Act::Status => self.change_status(due, actions)?,
            Act::Message => self.write(due, actions)?,
            Act::Typing => self.type_on(due, actions)?,
            Act::Event => {
                let number = self.chatters.anybody(Ability::Hear)?;
                let at = due.saturating_duration_since(self.began).as_micros();
                let event = format!(
                    r#"{{"target":{{"user":"bench-chatter-{number}"}},"type":"{NOTE}","kind":"ephemeral","data":{{"due":{at}}}}}"#
                );
                self.backend.post(0, due, event, 1);
                actions.gone(due);
            }
            Act::Reconnect => {
                let number = self.chatters.anybody(Ability::Write)?;
                self.chatters
                    .change(number, |it| (it.coming, it.typing) = (Some(due), None))?;
                let client = self.people.client(Person::Chatter(number));
                actions.cut(client);
                actions.due_by_clock(due).join(client, self.ticket(number)?);
            }
        }
        Some(())
    }

    /// The ticket of a user who writes: they go on after the last that they have heard.
    fn ticket(&self, number: usize) -> Option<Ticket> {
        let client = self.people.client(Person::Chatter(number));
        let mut ticket = self.tickets.get(client)?.clone();
        ticket.last_seq = self.chatters.get(number)?.seq;
        Some(ticket)
    }

    /// An otomo goes on break, or comes back; each in turn.
    fn change_status(&mut self, due: Instant, actions: &mut Actions) -> Option<()> {
        let number = self.rested.pop_front()?;
        let otomo = self.restless.get_mut(number)?;
        (otomo.since, otomo.on_break) = (Some(due), !otomo.on_break);
        let status = if otomo.on_break { "break" } else { "online" };
        actions.due_by_clock(due).say(
            self.people.client(Person::Restless(number)),
            format!(r#"{{"type":"otomo_status_set","status":"{status}"}}"#),
        );
        Some(())
    }

    /// A user writes to the one beside them.
    fn write(&mut self, due: Instant, actions: &mut Actions) -> Option<()> {
        let number = self.chatters.anybody(Ability::Write)?;
        self.chatters.change(number, |it| it.writing = Some(due))?;
        self.messages += 1;
        let (partner, count) = (number ^ 1, self.messages);
        let run = self.run;
        actions.due_by_clock(due).say(
            self.people.client(Person::Chatter(number)),
            format!(
                r#"{{"type":"message_send","toUserId":"bench-chatter-{partner}","clientMessageId":"{run}-{count}","body":"{TEXT}"}}"#
            ),
        );
        Some(())
    }

    /// A user is typing to the one beside them.
    fn type_on(&mut self, due: Instant, actions: &mut Actions) -> Option<()> {
        let number = self.chatters.anybody(Ability::Type)?;
        let conversation = self.chatters.get(number)?.conversation.clone()?;
        self.chatters.types(number, due);
        actions.due_by_clock(due).say(
            self.people.client(Person::Chatter(number)),
            format!(r#"{{"type":"typing-start","conversationId":"{conversation}"}}"#),
        );
        Some(())
    }

    /// A user who writes has heard something.
    fn chatter_heard(&mut self, who: usize, message: &[u8]) -> Result<(), BenchFault> {
        if let Some(refused) = refusal(message) {
            return Err(refused);
        }
        self.chatters.follows(who, message)?;
        let (kind, beside) = (kind(message), who ^ 1);
        let ended = match kind {
            b"ready" => (
                Act::Reconnect,
                self.chatters.change(who, |it| it.coming.take()),
            ),
            b"message_send_ack" => {
                let conversation = field(message, "conversationId").map(str::to_owned);
                let since = self.chatters.change(who, |it| {
                    it.conversation = conversation;
                    it.writing.take()
                });
                self.chatters.owe(beside, 1);
                (Act::Message, since)
            }
            b"new-message" => {
                let sender = field(message, "senderId");
                if sender == Some(&*format!("bench-chatter-{beside}")) {
                    self.chatters.owe(who, -1);
                }
                return Ok(());
            }
            b"typing-start" => (
                Act::Typing,
                self.chatters.change(beside, |it| it.typing.take()),
            ),
            _ if kind == NOTE.as_bytes() => {
                let due = number(message, "due").map(Duration::from_micros);
                (Act::Event, Some(due.map(|due| self.began + due)))
            }
            _ => return Ok(()),
        };
        if let (act, Some(Some(since))) = ended {
            self.done(act, since);
        }
        Ok(())
    }
}

/// Counts one more.
fn count(counts: &mut [u64; Act::ALL.len()], act: Act) {
    if let Some(count) = counts.get_mut(act as usize) {
        *count += 1;
    }
}

impl Play for Town {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        let passed = now.saturating_duration_since(self.began);
        let wanted = self.people.chatters as f64 * self.day.level(passed);
        while let Some((number, comes)) = self.chatters.follow(wanted as usize, now) {
            let client = self.people.client(Person::Chatter(number));
            match self.ticket(number) {
                Some(ticket) if comes => {
                    count(&mut self.begun, Act::Reconnect);
                    actions.join(client, ticket);
                }
                _ => actions.leave(client),
            }
        }
        while let Some((act, due)) = self.acts.next(passed) {
            self.due(act, self.began + due, actions);
        }
        let next = self.began + self.acts.due();
        let next = self.ledger.next_end().map_or(next, |end| end.min(next));
        Ok(Some(next.saturating_duration_since(now)))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        let (pair, side) = match self.people.who(client) {
            Person::Caller(pair) => (pair, Side::Caller),
            Person::Otomo(pair) => (pair, Side::Otomo),
            Person::Chatter(number) => return self.chatter_heard(number, message),
            Person::Restless(number) => {
                if kind(message) == b"otomo_status_set_ack"
                    && let Some(since) =
                        self.restless.get_mut(number).and_then(|it| it.since.take())
                {
                    self.rested.push_back(number);
                    self.done(Act::Status, since);
                }
                return refusal(message).map_or(Ok(()), Err);
            }
        };
        let rung = self.ledger.figures.set_up.count();
        for text in self.ledger.heard(pair, side, message)? {
            actions.say(client, text);
        }
        self.meter.add(self.ledger.figures.set_up.count() - rung);
        Ok(())
    }

    fn go_on(&mut self, actions: &mut Actions) -> Result<(), BenchFault> {
        while self.backend.answer()?.is_some() {}
        while let Some((caller, text)) = self.ledger.hang_up(Instant::now()) {
            actions.say(self.people.client(Person::Caller(caller)), text);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        let changing = self.restless.len() - self.rested.len();
        self.ledger.live() + self.chatters.busy() + changing + self.backend.waiting()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        // What is under way will be done, and counts then.
        self.begun = self.unfinished();
        self.skipped = [0; Act::ALL.len()];
        self.meter.reset();
        self.meters.iter_mut().for_each(Meter::reset);
        self.ledger.figures.reset();
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        let chatters = self.chatters.waiting();
        let status = self.restless.iter().filter_map(|it| it.since);
        let waiting = [
            (Act::Reconnect, chatters.coming),
            (Act::Message, chatters.writing),
            (Act::Status, status.collect()),
            (Act::Event, self.backend.unanswered().collect()),
        ];
        let mut count = self.ledger.give_up(now);
        for (act, dues) in waiting {
            let all = self.meter.missed(dues.iter().copied(), now);
            if let Some(meter) = self.meters.get_mut(act as usize) {
                meter.missed(dues.into_iter(), now);
            }
            count += all;
        }
        count
    }
}
