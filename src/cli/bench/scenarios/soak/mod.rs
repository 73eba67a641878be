//! `otomo bench soak`: whether a server still is at the end what it was at the beginning.
//!
//! The evening's peak of [`super::mixed`], for long. Every few seconds memory, descriptors and threads of the server are read, and
//! the size of its database. What matters is whether they level off: how much each grew over the last half of the run
//! (`--expect 'memory-growth<5%'`). A message or a call that is lost, comes twice or out of turn ends the run, however late.
//!
//! Afterwards everybody leaves, and what is left behind is looked at (`after`): calls that do not end, errors in the log, things in
//! the database that should not be there.

mod after;
mod samples;

use std::time::{Duration, Instant};

use clap::Args;

use self::samples::{Sample, Samples};
use super::mixed::{self, Acts, Day, People, Town, TownArgs};
use crate::cli::bench::{
    Bench, Scenario,
    crowd::Crowd,
    fault::BenchFault,
    measure::Meter,
    options::some_duration,
    report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
    stage::{self, Play as _, Steps},
    target::Target,
};

/// Load before anything is counted: everybody has come, buffers and caches are full.
const WARM_UP: Duration = Duration::from_secs(2);

/// How many people, how busy, and for how long.
#[derive(Args)]
pub(crate) struct SoakArgs {
    #[command(flatten)]
    town: TownArgs,
    /// How long it goes on.
    #[arg(long, default_value = "30m", value_name = "DURATION", value_parser = some_duration)]
    duration: Duration,
    /// How often to look at the server.
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = some_duration)]
    every: Duration,
}

const MEMORY: Figure = Figure::new("residentKib", "memory at the end", Unit::Kib).alias("memory");
const MEMORY_GROWTH: Figure = Figure::new(
    "memoryGrowthPercent",
    "growth of memory over the last half",
    Unit::Percent,
)
.alias("memory-growth");
const DESCRIPTORS: Figure = Figure::new("descriptors", "descriptors at the end", Unit::Count);
const DESCRIPTORS_GROWTH: Figure = Figure::new(
    "descriptorsGrowthPercent",
    "growth of descriptors over the last half",
    Unit::Percent,
)
.alias("descriptors-growth");
const THREADS: Figure = Figure::new("threads", "threads at the end", Unit::Count);
const THREADS_GROWTH: Figure = Figure::new(
    "threadsGrowthPercent",
    "growth of threads over the last half",
    Unit::Percent,
)
.alias("threads-growth");
const DATABASE: Figure = Figure::new("databaseKib", "database at the end", Unit::Kib);
const DATABASE_GROWTH: Figure = Figure::new(
    "databaseGrowthPercent",
    "growth of the database over the last half",
    Unit::Percent,
)
.alias("database-growth");
const DATABASE_PER_ACT: Figure = Figure::new(
    "databaseKibPerAct",
    "growth of the database per act over the last half",
    Unit::Kib,
)
.alias("database-per-act");

const LOG: Figure = Figure::new("logKib", "write-ahead log at the end", Unit::Kib);
const LOG_GROWTH: Figure = Figure::new(
    "logGrowthPercent",
    "growth of the write-ahead log over the last half",
    Unit::Percent,
)
.alias("log-growth");

impl Scenario for SoakArgs {
    const NAME: &'static str = "soak";
    const FIGURES: &'static [Figure] = &[
        mixed::PEOPLE,
        mixed::ASKED,
        MEMORY,
        MEMORY_GROWTH,
        DESCRIPTORS,
        DESCRIPTORS_GROWTH,
        THREADS,
        THREADS_GROWTH,
        DATABASE,
        DATABASE_GROWTH,
        DATABASE_PER_ACT,
        LOG,
        LOG_GROWTH,
        after::STUCK,
        after::ERRORS,
        after::FINDINGS,
        mixed::SECONDS,
        mixed::ACTS,
        mixed::PER_SECOND,
        mixed::SKIPPED,
        mixed::SKIPPED_ACTS[0],
        mixed::SKIPPED_ACTS[1],
        mixed::SKIPPED_ACTS[2],
        mixed::SKIPPED_ACTS[3],
        mixed::SKIPPED_ACTS[4],
        mixed::SKIPPED_ACTS[5],
        mixed::UNSEEN,
        mixed::LATENCY,
        mixed::LATENCIES[0],
        mixed::LATENCIES[1],
        mixed::LATENCIES[2],
        mixed::LATENCIES[3],
        mixed::LATENCIES[4],
        mixed::LATENCIES[5],
        mixed::COSTS[0],
        mixed::COSTS[1],
        mixed::COSTS[2],
        LEFT_OVER[0],
        LEFT_OVER[1],
        LATENESS,
        TOOL[0],
        TOOL[1],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let people = People::of(self.town.people as usize);
        let target = bench.target(self.town.people)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::new(&target)?;
        let meter = Meter::new("acts", people.all(), bench.progress);
        let acts = Acts::new(Day::Peak, self.town.rate.into());
        let mut town = Town::admit(&mut crowd, &target, people, acts, meter)?;
        stage::run(&mut crowd, &mut town, WARM_UP)?;
        let (began, mut samples) = (Instant::now(), Samples::default());
        let steps = Steps::every(self.every, self.duration);
        let spent = stage::measure_now(&mut crowd, &target, &mut town, steps, || {
            let sample = look(&target, began)?;
            samples.extend(sample);
            Ok(())
        })?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(mixed::PEOPLE, people.all() as u64);
        report.put(mixed::ASKED, self.town.rate);
        let rate = town.meter().count() as f64 / spent.took.as_secs_f64();
        held(&mut report, &samples, rate);
        mixed::told(&mut report, &mut town, &spent);
        stage::finish(&mut crowd, &mut town)?;
        report.put(mixed::UNSEEN, town.unseen());
        // Everybody leaves, without a goodbye.
        drop(crowd);
        after::look(&mut report, bench, &target)?;
        Ok(report)
    }
}

/// What the server holds now, if it is one of this machine.
fn look(target: &Target, began: Instant) -> Result<Option<Sample>, BenchFault> {
    let Some(process) = target.process() else {
        return Ok(None);
    };
    Ok(Some(Sample {
        at: began.elapsed().as_secs_f64(),
        memory_kib: process.resident_kib()? as f64,
        descriptors: process.descriptors()? as f64,
        threads: process.threads()? as f64,
        database_kib: target.database_bytes().map(|bytes| bytes as f64 / 1024.0),
        log_kib: target.log_bytes().map(|bytes| bytes as f64 / 1024.0),
    }))
}

/// What the server held, and how that grew.
fn held(report: &mut Report, samples: &Samples, acts_per_second: f64) {
    let last = samples.last();
    report.put(MEMORY, last.map(|it| it.memory_kib));
    report.put(MEMORY_GROWTH, samples.growth_percent(|it| it.memory_kib));
    report.put(DESCRIPTORS, last.map(|it| it.descriptors));
    report.put(
        DESCRIPTORS_GROWTH,
        samples.growth_percent(|it| it.descriptors),
    );
    report.put(THREADS, last.map(|it| it.threads));
    report.put(THREADS_GROWTH, samples.growth_percent(|it| it.threads));
    let database = last.and_then(|it| it.database_kib);
    report.put(DATABASE, database);
    let size = |it: &Sample| it.database_kib.unwrap_or_default();
    let percent = samples.growth_percent(size);
    report.put(DATABASE_GROWTH, database.and(percent));
    let grows = samples.growth_per_second(size);
    let grows = database.and(grows).filter(|_| acts_per_second > 0.0);
    report.put(DATABASE_PER_ACT, grows.map(|it| it / acts_per_second));
    let log = last.and_then(|it| it.log_kib);
    let percent = samples.growth_percent(|it| it.log_kib.unwrap_or_default());
    report.put(LOG, log);
    report.put(LOG_GROWTH, log.and(percent));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::report::{Expectation, hold};

    /// What `scripts/test long soak` holds a run to: its `--expect`s, as they stand there.
    fn verdict() -> Vec<Expectation> {
        let script = include_str!("../../../../../scripts/test");
        let start = script.find("bench soak").unwrap();
        let end = start + script[start..].find(";;").unwrap();
        let expected = script[start..end].split("--expect '").skip(1);
        let expected = expected.map(|rest| rest.split('\'').next().unwrap());
        expected.map(|text| text.parse().unwrap()).collect()
    }

    /// The report of a run of 30 minutes with 200 acts a second; each figure begins at a usual size and is told how it goes
    /// on.
    fn report(rise: impl Fn(&str, f64) -> f64) -> Report {
        let mut samples = Samples::default();
        for minute in 0..30 {
            let at = f64::from(minute) * 60.0;
            samples.extend([Sample {
                at,
                memory_kib: 60_000.0 + rise("memory", at),
                descriptors: 1_050.0 + rise("descriptors", at),
                threads: 20.0 + rise("threads", at),
                database_kib: Some(20_000.0 + rise("database", at)),
                log_kib: Some(64_000.0 + rise("log", at)),
            }]);
        }
        let mut report = Report::new("soak", SoakArgs::FIGURES);
        held(&mut report, &samples, 200.0);
        report.put(mixed::SKIPPED, 0_u64);
        for nothing in [after::STUCK, after::ERRORS, after::FINDINGS] {
            report.put(nothing, 0_u64);
        }
        report
    }

    #[test]
    fn a_server_that_levels_off_stands_the_verdict() {
        let verdict = verdict();
        assert!(verdict.len() >= 4);
        for condition in &verdict {
            condition.check(SoakArgs::FIGURES).unwrap();
        }
        // It fills its caches for ten minutes, then it breathes a little.
        let breathes = |name: &str, at: f64| match name {
            "memory" => 20_000.0 * (at / 600.0).min(1.0) + 500.0 * (at / 60.0 % 2.0),
            "database" => 40_000.0 * (at / 600.0).min(1.0),
            _ => at / 60.0 % 2.0,
        };
        hold(&verdict, &report(breathes)).unwrap();
    }

    #[test]
    fn whatever_goes_on_rising_fails_the_verdict() {
        // In half an hour: 20 MB, 300 descriptors, 10 threads, 400 MB of database, 20 MB of its log.
        for (what, an_hour, says) in [
            ("memory", 40_000.0, "memory-growth"),
            ("descriptors", 600.0, "descriptors-growth"),
            ("threads", 20.0, "threads-growth"),
            ("database", 800_000.0, "database-per-act"),
            ("log", 40_000.0, "log-growth"),
        ] {
            let leaking = |name: &str, at: f64| match name == what {
                true => an_hour * at / 3_600.0,
                false => 0.0,
            };
            let unmet = hold(&verdict(), &report(leaking)).unwrap_err().to_string();
            assert!(unmet.contains(says), "{what}: {unmet}");
            assert_eq!(unmet.matches(", but ").count(), 1, "{unmet}");
        }
    }

    #[test]
    fn whatever_is_left_behind_fails_the_verdict() {
        for (figure, says) in [
            (after::STUCK, "stuck"),
            (after::ERRORS, "errors"),
            (after::FINDINGS, "findings"),
        ] {
            let mut sound = report(|_, _| 0.0);
            sound.replace(figure, 1_u64);
            let unmet = hold(&verdict(), &sound).unwrap_err().to_string();
            assert!(unmet.contains(says), "{unmet}");
        }
    }

    #[test]
    fn without_acts_nothing_is_said_of_each() {
        let mut samples = Samples::default();
        for minute in 0..30 {
            samples.extend([Sample {
                at: f64::from(minute) * 60.0,
                memory_kib: 60_000.0,
                descriptors: 1_050.0,
                threads: 20.0,
                database_kib: Some(20_000.0 + f64::from(minute)),
                log_kib: None,
            }]);
        }
        let mut report = Report::new("soak", SoakArgs::FIGURES);
        held(&mut report, &samples, 0.0);
        let expected = ["database-per-act<1GiB".parse().unwrap()];
        let unmet = hold(&expected, &report).unwrap_err().to_string();
        assert!(unmet.contains("database-per-act is unknown"), "{unmet}");
    }

    #[test]
    fn a_run_that_is_too_short_to_tell_fails_too() {
        let mut report = Report::new("soak", SoakArgs::FIGURES);
        held(&mut report, &Samples::default(), 200.0);
        let unmet = hold(&verdict(), &report).unwrap_err().to_string();
        assert!(unmet.contains("memory-growth is unknown"), "{unmet}");
    }
}
