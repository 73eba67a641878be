//! What comes of a run beside its figures: conditions, charts, progress, and help.

use std::fs;

use super::figure;
use crate::Place;

/// A run that takes little time.
const ECHO: [&str; 6] = ["bench", "echo", "--connections", "2", "--seconds", "1"];

const PRESENCE: &str = "presence.svg";

fn echo<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ECHO, more].concat()
}

#[test]
fn figures_that_are_not_as_expected_are_printed_and_fail() {
    let place = Place::new();
    let good = ["--expect", "rate>1", "--expect", "p50<=60s"];
    place.otomo(&echo(&good)).printed();
    let bad = ["--expect", "rate>1", "--expect", "p99 < 1ns"];
    let run = place.otomo(&echo(&bad));
    assert_eq!(run.0.status.code(), Some(1));
    let complaint = run.complaint();
    assert!(
        complaint.starts_with("otomo: not as expected: p99 < 1ns, but p99 is "),
        "{complaint}"
    );
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    let table = String::from_utf8(run.0.stdout.clone()).unwrap();
    assert!(figure(&table, "answers per second") > 0.0);
}

#[test]
fn a_faulty_condition_is_a_wrong_command_line_before_any_load_is_made() {
    let place = Place::new();
    for (faulty, says) in [
        ("p99", "is no condition"),
        ("p98<5ms", "there is no figure \"p98\"; there are "),
        ("p99<50", "p99 is a time: say in which unit"),
        ("rate>5ms", "rate is a number without a unit"),
    ] {
        // Nobody serves there: whoever connected would complain of that.
        let more = ["--url", "ws://127.0.0.1:1", "--expect", faulty];
        let complaint = place.otomo(&echo(&more)).failed(2);
        assert!(complaint.contains(says), "{complaint}");
    }
    // Nobody is asked anything there.
    let idle = [
        "bench",
        "idle",
        "--url",
        "ws://127.0.0.1:1",
        "--expect",
        "unanswered==0",
    ];
    let complaint = place.otomo(&idle).failed(2);
    assert!(complaint.contains("there is no figure"), "{complaint}");
}

#[test]
fn a_chart_is_drawn_where_there_are_latencies() {
    let place = Place::new();
    place.otomo(&echo(&["--plot", "chart.svg"])).printed();
    let chart = fs::read_to_string(place.path().join("chart.svg")).unwrap();
    assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>\n"));
    assert_eq!(chart.matches("<polyline").count(), 2);
    for scenario in [
        "presence --otomo 4 --watchers 2 --rate 10",
        "presence --otomo 4 --watchers 2 --updates 50",
    ] {
        let args = format!("bench {scenario} --seconds 2 --plot {PRESENCE}");
        let args: Vec<_> = args.split(' ').collect();
        place.otomo(&args).printed();
        let chart = fs::read_to_string(place.path().join(PRESENCE)).unwrap();
        assert!(chart.contains("<polyline"), "{scenario}");
        fs::remove_file(place.path().join(PRESENCE)).unwrap();
    }
    let floor = ["bench", "floor", "--plot", "floor.svg"];
    let complaint = place.otomo(&floor).failed(2);
    assert!(complaint.contains("measures no latencies"), "{complaint}");
}

#[test]
fn progress_is_shown_where_it_is_asked_for() {
    let run = Place::new().otomo(&echo(&["--progress"]));
    assert_eq!(run.0.status.code(), Some(0));
    let progress = run.complaint();
    assert!(
        progress.contains("2 connections") && progress.contains("answers/s  p50 "),
        "{progress}"
    );
}

#[test]
fn help_lists_every_figure_by_its_names() {
    let help = Place::new().otomo(&["bench", "echo", "--help"]).printed();
    for name in [
        "rate, answersPerSecond",
        "p50, p90, p99, p999, max",
        "serverUserMicrosPerAnswer",
    ] {
        assert!(help.contains(&format!("\n  {name}\n")), "{help}");
    }
    let help = Place::new().otomo(&["bench", "--help"]).printed();
    assert!(help.contains("d<n> <text> sent to client n"), "{help}");
}
