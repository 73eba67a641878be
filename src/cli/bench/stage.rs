//! Where scenarios are played: does what they want done, hands them what their clients hear, and counts what that cost.
//!
//! What a scenario counts is a span. When it is over nothing more is begun, but what is under way is waited for, so that its
//! latency counts too, however long it takes; and what is not answered then counts with how long it has been waited for. Else a
//! server that stalls at the end would look fast.

use std::time::{Duration, Instant};

pub(crate) use super::crowd::Wants;
use super::{
    crowd::Crowd,
    fault::BenchFault,
    measure::{Cost, Latencies, Meter},
    report::{Figure, Report},
    scenarios::{PATIENCE, WARM_UP},
    target::{Target, commits::Commits},
};

/// Load after the server was asked for its commits, in which nobody listened.
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
    fn tick(&mut self, now: Instant, wants: &mut Wants) -> Result<Option<Duration>, BenchFault>;

    /// A client has heard something. What is said to it goes at once.
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
    play.reset();
    let mut wants = Wants::default();
    let (before, end) = (Cost::read(target)?, Instant::now() + span);
    play_until(crowd, play, &mut wants, end)?;
    play.meter().stop();
    let cost = Cost::read(target)?.since(&before);
    let unsent = play.stop(end);
    let patience = Instant::now() + LAST_ANSWERS;
    while play.under_way() > 0 && Instant::now() < patience {
        turn(crowd, play, patience, &mut wants)?;
    }
    Ok(Spent {
        took: play.meter().elapsed(),
        cost,
        unanswered: play.give_up(Instant::now()),
        unsent,
        commits: commits()?.since(&commits_before),
        lateness: wants.lateness,
    })
}

/// Plays until it is over, and counts all of it. The server is idle before, and what it does until it is idle again is of this.
pub(crate) fn measure_all(
    crowd: &mut Crowd,
    target: &Target,
    play: &mut impl Play,
) -> Result<Spent, BenchFault> {
    let before = Cost::read_idle(target, crowd)?;
    play.reset();
    let mut wants = Wants::default();
    play_until(crowd, play, &mut wants, Instant::now() + FOREVER)?;
    play.meter().stop();
    let load = Cost::read(target)?.since(&before);
    let until_idle = Cost::read_idle(target, crowd)?.since(&before);
    Ok(Spent {
        took: play.meter().elapsed(),
        cost: load.with_server_of(&until_idle),
        unanswered: play.give_up(Instant::now()),
        unsent: 0,
        commits: Commits::default(),
        lateness: wants.lateness,
    })
}

/// Plays for this long. What is under way at the end stays so.
pub(crate) fn run(
    crowd: &mut Crowd,
    play: &mut impl Play,
    span: Duration,
) -> Result<(), BenchFault> {
    let end = Instant::now() + span;
    play_until(crowd, play, &mut Wants::default(), end)
}

fn play_until(
    crowd: &mut Crowd,
    play: &mut impl Play,
    wants: &mut Wants,
    end: Instant,
) -> Result<(), BenchFault> {
    let (mut known, mut progress) = (play.meter().count(), Instant::now());
    loop {
        let now = Instant::now();
        // Once more at the end, for what was due by then.
        let pause = play.tick(now.min(end), wants)?.unwrap_or(PATIENCE);
        wants.fulfil(crowd)?;
        if now >= end || play.is_over() {
            return Ok(());
        }
        turn(crowd, play, end.min(now + pause), wants)?;
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
        let now = Instant::now();
        if now > end {
            return Err(BenchFault::Silent(PATIENCE));
        }
        turn(crowd, play, now + LINGER, &mut wants)?;
        done = (play.under_way() == 0).then(|| done.unwrap_or_else(Instant::now));
    }
    Ok(())
}

fn turn(
    crowd: &mut Crowd,
    play: &mut impl Play,
    until: Instant,
    wants: &mut Wants,
) -> Result<(), BenchFault> {
    crowd.act(until, wants, |client, message, wants| {
        play.heard(client, message, wants)
    })?;
    play.go_on(wants)?;
    wants.fulfil(crowd)
}
