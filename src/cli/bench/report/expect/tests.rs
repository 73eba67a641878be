//! Conditions hold, or are told with what was found.

use super::*;

const RATE: Figure = Figure::new("answersPerSecond", "answers", Unit::PerSecond).alias("rate");
const MEMORY: Figure = Figure::new("kib", "memory", Unit::Kib).alias("memory");
const LATENCY: Figure = Figure::new("latencyMs", "latency", Unit::Latency);
const SET_UP: Figure = Figure::new("setUpMs", "set-up", Unit::Latency).alias("setUp");
const LIMIT: Figure = Figure::new("isTheLimit", "the tool is the limit", Unit::Flag);
const FIGURES: [Figure; 5] = [RATE, MEMORY, LATENCY, SET_UP, LIMIT];

fn report() -> Report {
    let mut report = Report::new("test", &FIGURES);
    let mut micros = hdrhistogram::Histogram::new(3).unwrap();
    micros.record_n(4_000, 99).unwrap();
    micros.record(60_000).unwrap();
    report.put(RATE, 1_000_u64);
    report.put(MEMORY, 2.5);
    report.latency(LATENCY, &micros);
    report.latency(SET_UP, &micros);
    report.put(LIMIT, true);
    report
}

fn told(text: &str) -> Result<(), String> {
    let expectation: Expectation = text.parse().map_err(|fault: Unfit| fault.to_string())?;
    let checked = expectation.check(&FIGURES);
    checked.map_err(|fault| fault.to_string())?;
    hold(&[expectation], &report()).map_err(|unmet| unmet.to_string())
}

#[test]
fn a_verdict_says_of_each_condition_what_was_found_and_whether_it_holds() {
    let mut report = Report::new("test", &[RATE]);
    report.put(RATE, 1_500_u64);
    let expected = ["rate>=1000", "rate<7"].map(|text| text.parse().unwrap());
    let table = verdict(&expected, &report);
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(
        rows,
        [
            "| answers | 1,500 | `rate>=1000` | holds |",
            "| answers | 1,500 | `rate<7` | **does not hold** |"
        ]
    );
}

#[test]
fn conditions_hold_in_whatever_unit() {
    for holds in [
        "p99<50ms",
        "p99 < 4.1ms",
        "p50<=5000us",
        "max>=0.06s",
        "latencyMs.p90<1s",
        "setUp.p99<5ms",
        "setUpMs.p50>1000000ns",
        "rate>=1000",
        "rate>=1_000/s",
        "answersPerSecond==1_000",
        "memory<=2560B",
        "memory<=2.56kB",
        "memory>2.5kB",
        "memory<=2.5KiB",
        "memory<0.01MiB",
        "isTheLimit==1",
    ] {
        assert_eq!(told(holds), Ok(()), "{holds}");
    }
}

#[test]
fn one_that_does_not_hold_says_what_is() {
    let but = |text: &str| told(text).unwrap_err();
    assert_eq!(
        but("max<50ms"),
        "not as expected: max<50ms, but max is 60.0 ms"
    );
    assert_eq!(
        but("memory<=2KiB"),
        "not as expected: memory<=2KiB, but memory is 2.500 KiB"
    );
    assert_eq!(
        but("rate>1000"),
        "not as expected: rate>1000, but rate is 1,000"
    );
    assert_eq!(
        but("isTheLimit==0"),
        "not as expected: isTheLimit==0, but isTheLimit is yes"
    );
}

#[test]
fn what_cannot_be_told_does_not_hold() {
    let mut report = Report::new("test", &FIGURES);
    report.put(MEMORY, None::<f64>);
    let expected = ["memory<=2KiB".parse().unwrap()];
    let unmet = hold(&expected, &report).unwrap_err().to_string();
    assert!(unmet.ends_with("but memory is unknown"), "{unmet}");
}

#[test]
fn what_a_run_has_not_found_does_not_hold() {
    let expected = ["rate>=0".parse().unwrap()];
    let unmet = hold(&expected, &Report::new("test", &FIGURES)).unwrap_err();
    assert!(unmet.to_string().contains("rate>=0, but"), "{unmet}");
}

#[test]
fn every_level_is_held_to_it() {
    let mut report = Report::new("test", &FIGURES);
    for rate in [900_u64, 1_100] {
        let mut level = Report::new("test", &FIGURES);
        level.put(RATE, rate);
        report.levels.push(level);
    }
    let expected = ["rate>1000".parse().unwrap()];
    let unmet = hold(&expected, &report).unwrap_err().to_string();
    assert_eq!(
        unmet,
        "not as expected: rate>1000, but rate is 900 (answers 900)"
    );
}

#[test]
fn a_faulty_condition_says_what_is_wrong() {
    for (faulty, says) in [
        ("p99", "is no condition"),
        ("p99<fast", "is no condition"),
        ("p99<5 parsecs", "is no condition"),
        ("p99<0,01ms", "commas are not read; write a point"),
        (
            "p98<5ms",
            "there is no figure \"p98\"; there are rate, memory, p50, p90, p99, p999, max, setUp.p50",
        ),
        ("latencyMs<5ms", "there is no figure"),
        ("p99<50", "p99 is a time: say in which unit, like 50ms"),
        ("memory<2", "memory is memory"),
        ("rate>5ms", "rate is a number without a unit"),
    ] {
        let fault = told(faulty).unwrap_err();
        assert!(fault.contains(says), "{faulty}: {fault}");
    }
}
