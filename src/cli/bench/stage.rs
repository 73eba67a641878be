//! Where scenarios are played: does what they want done, hands them what their clients hear, and counts what that cost.
//!
//! What a scenario counts is a span. When it is over nothing more is begun, but what is under way is waited for, so that its
//! latency counts too, however long it takes; and what is not answered then counts with how long it has been waited for. Else a
//! server that stalls at the end would look fast.

use std::time::{Duration, Instant};

pub(crate) use super::crowd::Actions;
use super::{
    crowd::Crowd,
    fault::BenchFault,
    measure::{Cost, Latencies, Meter},
    report::{Figure, Report},
    scenarios::{PATIENCE, WARM_UP},
    target::{Target, commits::Commits},
};

/// Load between reading the commits, which blocks this thread, and the start of counting.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Longer than anything is played.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// How long to wait for what is under way when the span is over.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How long to listen after all is done.
const LINGER: Duration = Duration::from_millis(300);

/// What a scenario makes of what happens. Clients are numbers, as the crowd counts them.
pub(crate) trait Play {
    /// Whether what it does is stored: then the server's commits are counted.
    const STORES: bool = false;

    /// Time has passed: wants what is due. Returns how long until more is due, if that is known.
    fn tick(&mut self, now: Instant, actions: &mut Actions)
    -> Result<Option<Duration>, BenchFault>;

    /// A client has heard something. What is said to it goes at once.
    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault>;

    /// Goes on with what is under way otherwise than by messages.
    fn go_on(&mut self, _actions: &mut Actions) -> Result<(), BenchFault> {
        Ok(())
    }

    /// How much is under way and not done.
    fn under_way(&self) -> usize;

    /// Counts what is done: it rises, or the server is stuck.
    fn meter(&mut self) -> &mut Meter;

    /// Starts counting from zero; what is under way stays so.
    fn reset(&mut self);

    /// Whether all is done that was to be done. A scenario that goes by the time never ends by itself.
    fn is_over(&self) -> bool {
        false
    }

    /// From now on nothing more is begun. Notes how long that has been waited for which was due and has not been begun, and
    /// returns how much it is.
    fn stop(&mut self, _now: Instant) -> u64 {
        0
    }

    /// Notes how long that has been waited for which is still under way, and returns how much it is.
    fn give_up(&mut self, _now: Instant) -> u64 {
        self.under_way() as u64
    }
}

/// What a span of play cost, and what was left over at its end.
pub(crate) struct Spent {
    pub(crate) took: Duration,
    pub(crate) cost: Cost,
    pub(crate) commits: Commits,
    unanswered: u64,
    unsent: u64,
    lateness: Option<Latencies>,
}

impl Spent {
    /// Adds to a report what every scenario says: how long it counted, how many that were, and that per second; what each of
    /// them cost; and what was left over.
    pub(crate) fn report(
        &self,
        report: &mut Report,
        [seconds, count, per_second]: [Figure; 3],
        costs: [Figure; 3],
        counted: u64,
    ) {
        let took = self.took.as_secs_f64();
        report.put(seconds, took);
        report.put(count, counted);
        report.put(per_second, counted as f64 / took);
        report.costs(costs, &self.cost, counted);
        report.left_over(self.unanswered, self.unsent, self.lateness.as_ref());
    }
}

/// Warms up, counts for this long, and waits for what is under way then.
pub(crate) fn measure<P: Play>(
    crowd: &mut Crowd,
    target: &Target,
    play: &mut P,
    span: Duration,
) -> Result<Spent, BenchFault> {
    let commits = || match P::STORES {
        true => Commits::read(target.endpoint()),
        false => Ok(Commits::default()),
    };
    run(crowd, play, WARM_UP)?;
    // Asking for them takes its time, in which nobody listened: that is over before anything is counted.
    let commits_before = commits()?;
    run(crowd, play, CATCH_UP)?;
    let spent = measure_now(crowd, target, play, Steps::one(span), || Ok(()))?;
    Ok(Spent {
        commits: commits()?.since(&commits_before),
        ..spent
    })
}

/// Counts from now on, in steps, with a look at something after each; and waits for what is under way then.
pub(crate) fn measure_now(
    crowd: &mut Crowd,
    target: &Target,
    play: &mut impl Play,
    steps: Steps,
    look: impl FnMut() -> Result<(), BenchFault>,
) -> Result<Spent, BenchFault> {
    play.reset();
    let mut actions = Actions::default();
    let before = Cost::read(target)?;
    let end = play_in_steps(crowd, play, &mut actions, steps, look)?;
    play.meter().stop();
    let cost = Cost::read(target)?.since(&before);
    let unsent = play.stop(end);
    let patience = Instant::now() + LAST_ANSWERS;
    while play.under_way() > 0 && Instant::now() < patience {
        // Not for all of it at once: somebody may hang up meanwhile, and nothing comes before they do.
        turn(
            crowd,
            play,
            patience.min(Instant::now() + LINGER),
            &mut actions,
        )?;
    }
    Ok(Spent {
        took: play.meter().elapsed(),
        cost,
        unanswered: play.give_up(Instant::now()),
        unsent,
        commits: Commits::default(),
        lateness: actions.lateness,
    })
}

/// How long something is played, and how often it is looked at meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    span: Duration,
    every: Duration,
    patience: Duration,
}

impl Steps {
    /// With a look at the end alone.
    pub(crate) fn one(span: Duration) -> Self {
        Self::every(span, span)
    }

    /// With a look every so often, and at the end.
    pub(crate) fn every(every: Duration, span: Duration) -> Self {
        Self {
            span,
            every,
            patience: PATIENCE,
        }
    }
}

/// Returns when the last step was over.
fn play_in_steps(
    crowd: &mut Crowd,
    play: &mut impl Play,
    actions: &mut Actions,
    steps: Steps,
    mut look: impl FnMut() -> Result<(), BenchFault>,
) -> Result<Instant, BenchFault> {
    let mut now = Instant::now();
    let end = now + steps.span;
    let mut stuck = Stuck::new(play.meter().count(), steps.patience);
    while now < end {
        let next = end.min(now + steps.every);
        play_until(crowd, play, actions, &mut stuck, next)?;
        look()?;
        // However long the look took: the next one comes when it is time.
        now = next;
    }
    Ok(end)
}

/// Whether a server still does something.
struct Stuck {
    patience: Duration,
    /// How much it has done, and since when.
    known: u64,
    since: Instant,
}

impl Stuck {
    fn new(known: u64, patience: Duration) -> Self {
        Self {
            patience,
            known,
            since: Instant::now(),
        }
    }

    /// # Errors
    /// If something has been under way for too long and nothing was done.
    fn look(&mut self, play: &mut impl Play, now: Instant) -> Result<(), BenchFault> {
        let count = play.meter().count();
        if count > self.known || play.under_way() == 0 {
            (self.known, self.since) = (count, now);
        } else if self.since.elapsed() > self.patience {
            return Err(BenchFault::Silent(self.patience));
        }
        Ok(())
    }
}

/// Plays until it is over, and counts all of it. The server is idle before, and what it does until it is idle again is of this.
pub(crate) fn measure_all(
    crowd: &mut Crowd,
    target: &Target,
    play: &mut impl Play,
) -> Result<Spent, BenchFault> {
    let before = Cost::read_idle(target, crowd)?;
    play.reset();
    let mut actions = Actions::default();
    play_in_steps(crowd, play, &mut actions, Steps::one(FOREVER), || Ok(()))?;
    play.meter().stop();
    let load = Cost::read(target)?.since(&before);
    let until_idle = Cost::read_idle(target, crowd)?.since(&before);
    Ok(Spent {
        took: play.meter().elapsed(),
        cost: load.with_server_of(&until_idle),
        unanswered: play.give_up(Instant::now()),
        unsent: 0,
        commits: Commits::default(),
        lateness: actions.lateness,
    })
}

/// Plays for this long. What is under way at the end stays so.
pub(crate) fn run(
    crowd: &mut Crowd,
    play: &mut impl Play,
    span: Duration,
) -> Result<(), BenchFault> {
    let actions = &mut Actions::default();
    play_in_steps(crowd, play, actions, Steps::one(span), || Ok(())).map(drop)
}

fn play_until(
    crowd: &mut Crowd,
    play: &mut impl Play,
    actions: &mut Actions,
    stuck: &mut Stuck,
    end: Instant,
) -> Result<(), BenchFault> {
    loop {
        let now = Instant::now();
        // Once more at the end, for what was due by then.
        let pause = play.tick(now.min(end), actions)?.unwrap_or(PATIENCE);
        actions.perform(crowd)?;
        if now >= end || play.is_over() {
            return Ok(());
        }
        turn(crowd, play, end.min(now + pause), actions)?;
        play.meter().tick(now);
        stuck.look(play, now)?;
    }
}

/// Listens until nothing is under way, without beginning anything, and a little longer, so that surplus messages are noticed.
pub(crate) fn finish(crowd: &mut Crowd, play: &mut impl Play) -> Result<(), BenchFault> {
    let mut actions = Actions::default();
    let end = Instant::now() + PATIENCE;
    let mut done = None;
    while done.is_none_or(|since: Instant| since.elapsed() < LINGER) {
        let now = Instant::now();
        if now > end {
            return Err(BenchFault::Silent(PATIENCE));
        }
        turn(crowd, play, now + LINGER, &mut actions)?;
        done = (play.under_way() == 0).then(|| done.unwrap_or_else(Instant::now));
    }
    Ok(())
}

fn turn(
    crowd: &mut Crowd,
    play: &mut impl Play,
    until: Instant,
    actions: &mut Actions,
) -> Result<(), BenchFault> {
    crowd.act(until, actions, |client, message, actions| {
        play.heard(client, message, actions)
    })?;
    play.go_on(actions)?;
    actions.perform(crowd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::{
        measure::Progress,
        options::{Speaks, Transport, WayArgs},
        target::Endpoint,
    };

    /// Something that waits for an answer which never comes.
    struct Waits(Meter);

    impl Play for Waits {
        fn tick(&mut self, _: Instant, _: &mut Actions) -> Result<Option<Duration>, BenchFault> {
            Ok(None)
        }

        fn heard(&mut self, _: usize, _: &[u8], _: &mut Actions) -> Result<(), BenchFault> {
            Ok(())
        }

        fn under_way(&self) -> usize {
            1
        }

        fn meter(&mut self) -> &mut Meter {
            &mut self.0
        }

        fn reset(&mut self) {}
    }

    /// Goal: a server that does nothing more is noticed however often it is looked at meanwhile. Method: steps that are
    /// shorter than the patience.
    #[test]
    fn a_stuck_server_is_noticed_although_each_step_is_short() {
        let way = WayArgs {
            transport: Transport::Ws,
            source: Vec::new(),
            ca: None,
            insecure: false,
        };
        let nobody = Endpoint::parse("ws://127.0.0.1:9", Speaks::Plain, &way).unwrap();
        let mut crowd = Crowd::at(nobody, Duration::ZERO).unwrap();
        let mut waits = Waits(Meter::new("answers", 0, Progress::Silent));
        let (mut actions, mut looks) = (Actions::default(), 0);
        let steps = Steps {
            span: Duration::from_secs(10),
            every: Duration::from_millis(10),
            patience: Duration::from_millis(100),
        };
        let played = play_in_steps(&mut crowd, &mut waits, &mut actions, steps, || {
            looks += 1;
            Ok(())
        });
        assert!(matches!(played, Err(BenchFault::Silent(_))), "{played:?}");
        assert!(looks > 1, "it was looked at meanwhile");
    }
}
