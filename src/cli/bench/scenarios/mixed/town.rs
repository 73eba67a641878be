//! A town through its day: what is due is done, and what comes of it is noted.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{
    day::{Act, Acts, Day},
    people::{Chatter, Chatters, People, Person},
};
use crate::{
    cli::bench::{
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Progress},
        refusal,
        scenarios::calls::{Ledger, Side},
        stage::{Play, Wants},
        target::{Target, backend::Backend},
        transport::Ticket,
        user,
        words::{field, kind, number},
    },
    kernel::identity::Role,
};

/// How long a call goes on.
const TALK: Duration = Duration::from_secs(2);

/// Who has typed is not heard of typing again before this.
const TYPES_AGAIN: Duration = Duration::from_secs(10);

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
    /// Since when a change of status waits for its acknowledgement, and whether they are on break.
    restless: Vec<(Option<Instant>, bool)>,
    /// Whose turn it is to change.
    turn: usize,
    backend: Backend,
    /// What messages are called in this run, and how many there were.
    run: Uuid,
    messages: u64,
    /// What was due and could not be done, since all who could were busy.
    pub(crate) skipped: u64,
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
        acts: (Day, Acts),
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        let (day, acts) = acts;
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
        let chatters = Chatters::new(people.chatters, (here as usize).max(2));
        let first = people.client(Person::Chatter(chatters.here()));
        crowd.admit(
            tickets
                .iter()
                .take(first)
                .cloned()
                .collect::<Vec<_>>()
                .into_iter(),
        )?;
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
            restless: vec![(None, false); people.restless],
            turn: 0,
            backend: Backend::connect(target, 1)?,
            run: Uuid::new_v4(),
            messages: 0,
            skipped: 0,
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

    /// Somebody does something, if somebody can.
    fn act(&mut self, act: Act, due: Instant, wants: &mut Wants) -> Option<()> {
        match act {
            Act::Call => {
                let (caller, request) = self.ledger.begin(due)?;
                wants.say(self.people.client(Person::Caller(caller)), request);
            }
            Act::Status => self.change_status(due, wants)?,
            Act::Message => self.write(due, wants)?,
            Act::Typing => self.type_on(due, wants)?,
            Act::Event => {
                let number = self.chatters.anybody(|_| true)?;
                let at = due.saturating_duration_since(self.began).as_micros();
                let event = format!(
                    r#"{{"target":{{"user":"bench-chatter-{number}"}},"type":"{NOTE}","kind":"ephemeral","data":{{"due":{at}}}}}"#
                );
                self.backend.post(0, due, event, 1);
            }
            Act::Reconnect => {
                let number = self.chatters.anybody(|it| it.writing.is_none())?;
                let chatter = self.chatters.get(number)?;
                (chatter.coming, chatter.typing) = (Some(due), None);
                let client = self.people.client(Person::Chatter(number));
                wants.cut(client);
                wants.join(client, self.tickets.get(client)?.clone());
            }
        }
        Some(())
    }

    /// An otomo goes on break, or comes back; each in turn.
    fn change_status(&mut self, due: Instant, wants: &mut Wants) -> Option<()> {
        let all = self.restless.len();
        let rests = |it: &usize| self.restless.get(*it).is_some_and(|it| it.0.is_none());
        let number = (0..all).map(|step| (self.turn + step) % all).find(rests)?;
        self.turn = number + 1;
        let (since, on_break) = self.restless.get_mut(number)?;
        (*since, *on_break) = (Some(due), !*on_break);
        let status = if *on_break { "break" } else { "online" };
        wants.say(
            self.people.client(Person::Restless(number)),
            format!(r#"{{"type":"otomo_status_set","status":"{status}"}}"#),
        );
        Some(())
    }

    /// A user writes to the one beside them.
    fn write(&mut self, due: Instant, wants: &mut Wants) -> Option<()> {
        let number = self.chatters.anybody(|it| it.writing.is_none())?;
        self.chatters.get(number)?.writing = Some(due);
        self.messages += 1;
        let (partner, count) = (number ^ 1, self.messages);
        let run = self.run;
        wants.say(
            self.people.client(Person::Chatter(number)),
            format!(
                r#"{{"type":"message_send","toUserId":"bench-chatter-{partner}","clientMessageId":"{run}-{count}","body":"{TEXT}"}}"#
            ),
        );
        Some(())
    }

    /// A user is typing to the one beside them.
    fn type_on(&mut self, due: Instant, wants: &mut Wants) -> Option<()> {
        let rested = |last: Instant| last.elapsed() > TYPES_AGAIN;
        let may = |it: &Chatter| it.conversation.is_some() && it.last_typed.is_none_or(rested);
        let number = self.chatters.anybody(may)?;
        let chatter = self.chatters.get(number)?;
        (chatter.typing, chatter.last_typed) = (Some(due), Some(due));
        let conversation = chatter.conversation.clone()?;
        wants.say(
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
        let Some(chatter) = self.chatters.get(who) else {
            return Ok(());
        };
        let kind = kind(message);
        let (act, since) = match kind {
            b"ready" => (Act::Reconnect, chatter.coming.take()),
            b"message_send_ack" => {
                chatter.conversation = field(message, "conversationId").map(str::to_owned);
                (Act::Message, chatter.writing.take())
            }
            b"typing-start" => {
                let beside = self.chatters.get(who ^ 1);
                (Act::Typing, beside.and_then(|it| it.typing.take()))
            }
            _ if kind == NOTE.as_bytes() => {
                let due = number(message, "due").map(Duration::from_micros);
                (Act::Event, due.map(|due| self.began + due))
            }
            _ => return Ok(()),
        };
        if let Some(since) = since {
            self.done(act, since);
        }
        Ok(())
    }
}

impl Play for Town {
    fn tick(&mut self, now: Instant, wants: &mut Wants) -> Result<Option<Duration>, BenchFault> {
        let passed = now.saturating_duration_since(self.began);
        let wanted = self.people.chatters as f64 * self.day.level(passed);
        while let Some((number, comes)) = self.chatters.follow(wanted as usize, now) {
            let client = self.people.client(Person::Chatter(number));
            match self.tickets.get(client) {
                Some(ticket) if comes => wants.join(client, ticket.clone()),
                _ => wants.leave(client),
            }
        }
        while let Some((act, due)) = self.acts.next(passed) {
            if self.act(act, self.began + due, wants).is_none() {
                self.skipped += 1;
            }
        }
        let next = self.began + self.acts.due();
        let next = self.ledger.next_end().map_or(next, |end| end.min(next));
        Ok(Some(next.saturating_duration_since(now)))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        wants: &mut Wants,
    ) -> Result<(), BenchFault> {
        let (pair, side) = match self.people.who(client) {
            Person::Caller(pair) => (pair, Side::Caller),
            Person::Otomo(pair) => (pair, Side::Otomo),
            Person::Chatter(number) => return self.chatter_heard(number, message),
            Person::Restless(number) => {
                if kind(message) == b"otomo_status_set_ack"
                    && let Some(since) = self.restless.get_mut(number).and_then(|it| it.0.take())
                {
                    self.done(Act::Status, since);
                }
                return refusal(message).map_or(Ok(()), Err);
            }
        };
        let rung = self.ledger.figures.set_up.count();
        for text in self.ledger.heard(pair, side, message)? {
            wants.say(client, text);
        }
        self.meter.add(self.ledger.figures.set_up.count() - rung);
        Ok(())
    }

    fn go_on(&mut self, wants: &mut Wants) -> Result<(), BenchFault> {
        while self.backend.answer()?.is_some() {}
        while let Some((caller, text)) = self.ledger.hang_up(Instant::now()) {
            wants.say(self.people.client(Person::Caller(caller)), text);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        let changing = self.restless.iter().filter(|it| it.0.is_some()).count();
        self.ledger.live() + self.chatters.busy() + changing + self.backend.waiting()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
        self.meters.iter_mut().for_each(Meter::reset);
        self.ledger.figures.reset();
        self.skipped = 0;
    }
}
