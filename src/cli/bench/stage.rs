//! Where scenarios are played whose clients answer each other: hands each what its clients hear, and does what it wants done.

use std::time::{Duration, Instant};

use super::{
    crowd::Crowd,
    fault::BenchFault,
    measure::{Cost, Meter},
    scenarios::{PATIENCE, WARM_UP},
    target::{Target, commits::Commits},
    transport::Ticket,
};

/// How long to listen after all is done.
const LINGER: Duration = Duration::from_millis(300);

/// What a scenario makes of what happens. Clients are numbers, as the crowd counts them.
pub(crate) trait Play {
    /// Time has passed: wants what is due. Returns how long until more is due, if that is known.
    fn tick(&mut self, now: Instant, wants: &mut Wants) -> Result<Option<Duration>, BenchFault>;

    /// A client has heard something.
    fn heard(&mut self, client: usize, message: &[u8], wants: &mut Wants)
    -> Result<(), BenchFault>;

    /// Goes on with what is under way otherwise than by messages.
    fn go_on(&mut self, _wants: &mut Wants) -> Result<(), BenchFault> {
        Ok(())
    }

    /// How much is under way and not done.
    fn under_way(&self) -> usize;

    /// Counts what is done: it rises, or the server is stuck.
    fn meter(&mut self) -> &mut Meter;

    /// Starts counting from zero; what is under way stays so.
    fn reset(&mut self);
}

/// What clients are to do, in order.
#[derive(Default)]
pub(crate) struct Wants(Vec<(usize, Want)>);

enum Want {
    Say(String),
    Join(Ticket),
    Leave,
    Cut,
}

impl Wants {
    /// A client sends a message.
    pub(crate) fn say(&mut self, client: usize, text: impl Into<String>) {
        self.0.push((client, Want::Say(text.into())));
    }

    /// A client that has left comes back; or the next new one comes.
    pub(crate) fn join(&mut self, client: usize, ticket: Ticket) {
        self.0.push((client, Want::Join(ticket)));
    }

    /// A client says goodbye.
    pub(crate) fn leave(&mut self, client: usize) {
        self.0.push((client, Want::Leave));
    }

    /// A client's connection breaks.
    pub(crate) fn cut(&mut self, client: usize) {
        self.0.push((client, Want::Cut));
    }

    fn fulfil(&mut self, crowd: &mut Crowd) -> Result<(), BenchFault> {
        for (client, want) in self.0.drain(..) {
            match want {
                Want::Say(text) => crowd.say(client, &text)?,
                Want::Join(ticket) if client < crowd.len() => crowd.begin_again(client, &ticket)?,
                Want::Join(ticket) => {
                    crowd.begin(&ticket)?;
                }
                Want::Leave => crowd.leave(client)?,
                Want::Cut => crowd.cut(client),
            }
        }
        Ok(())
    }
}

/// What a span of play cost.
pub(crate) struct Spent {
    pub(crate) took: Duration,
    pub(crate) cost: Cost,
    pub(crate) commits: Commits,
}

/// Warms up, counts for this long, and waits for what is under way then.
pub(crate) fn measure(
    crowd: &mut Crowd,
    target: &Target,
    play: &mut impl Play,
    span: Duration,
) -> Result<Spent, BenchFault> {
    run(crowd, play, WARM_UP)?;
    play.reset();
    let before = (Cost::read(target)?, Commits::read(target.endpoint())?);
    run(crowd, play, span)?;
    Ok(Spent {
        took: play.meter().elapsed(),
        cost: Cost::read(target)?.since(&before.0),
        commits: Commits::read(target.endpoint())?.since(&before.1),
    })
}

/// Plays for this long. What is under way at the end stays so.
pub(crate) fn run(
    crowd: &mut Crowd,
    play: &mut impl Play,
    span: Duration,
) -> Result<(), BenchFault> {
    let end = Instant::now() + span;
    let (mut known, mut progress) = (play.meter().count(), Instant::now());
    let mut wants = Wants::default();
    loop {
        let now = Instant::now();
        if now >= end {
            return Ok(());
        }
        let pause = play.tick(now, &mut wants)?.unwrap_or(PATIENCE);
        wants.fulfil(crowd)?;
        turn(crowd, play, pause.min(end - now), &mut wants)?;
        play.meter().tick(now);
        if play.meter().count() > known || play.under_way() == 0 {
            (known, progress) = (play.meter().count(), now);
        } else if progress.elapsed() > PATIENCE {
            return Err(BenchFault::Silent(PATIENCE));
        }
    }
}

/// Listens until nothing is under way, without beginning anything, and a little longer: what comes too much comes late.
pub(crate) fn finish(crowd: &mut Crowd, play: &mut impl Play) -> Result<(), BenchFault> {
    let mut wants = Wants::default();
    let end = Instant::now() + PATIENCE;
    let mut done = None;
    while done.is_none_or(|since: Instant| since.elapsed() < LINGER) {
        if Instant::now() > end {
            return Err(BenchFault::Silent(PATIENCE));
        }
        turn(crowd, play, LINGER, &mut wants)?;
        done = (play.under_way() == 0).then(|| done.unwrap_or_else(Instant::now));
    }
    Ok(())
}

fn turn(
    crowd: &mut Crowd,
    play: &mut impl Play,
    patience: Duration,
    wants: &mut Wants,
) -> Result<(), BenchFault> {
    let mut heard = Ok(());
    crowd.turn(patience, |client, message| {
        if heard.is_ok() {
            heard = play.heard(client, message, wants);
        }
    })?;
    heard?;
    play.go_on(wants)?;
    wants.fulfil(crowd)
}
