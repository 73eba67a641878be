//! Every scenario of `otomo bench` that is about what people do, briefly and for real.

use serde_json::Value;

use crate::Place;

/// Runs a scenario against a server of its own; the report must be of it.
fn report(args: &str) -> Value {
    let place = Place::new();
    let args: Vec<_> = format!("bench {args} --json --quiet")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let report: Value = serde_json::from_str(&place.otomo(&words).printed()).unwrap();
    assert_eq!(report["scenario"], *words[1]);
    assert!(place.is_empty(), "nothing is left behind");
    report
}

#[track_caller]
fn figure(report: &Value, name: &str) -> f64 {
    let figure = report[name].as_f64();
    figure.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// The median of a latency, which is one only if something was measured.
#[track_caller]
fn median(report: &Value, name: &str) -> f64 {
    let median = report[name]["p50"].as_f64().unwrap_or_default();
    assert!(median > 0.0, "no {name} in {report:#}");
    median
}

#[test]
fn calls_go_from_request_to_end() {
    for rate in ["", "--rate 20"] {
        let report = report(&format!("calls --pairs 4 --seconds 1 {rate}"));
        assert!(figure(&report, "calls") > 0.0);
        let set_up = median(&report, "latencyMs");
        let accepted = median(&report, "acceptedMs");
        assert!(set_up < accepted && accepted < median(&report, "wholeMs"));
        assert_eq!(figure(&report, "unanswered"), 0.0);
        assert_eq!(report["toolLateMs"].is_number(), !rate.is_empty());
    }
}

#[test]
fn messages_go_by_the_clock_and_come_to_everybody_in_order() {
    let report = report("chat --senders 8 --members 3 --online --rate 50 --seconds 1");
    assert_eq!(report["asked"], 50);
    let level = &report["levels"][0];
    assert!((1.0..=60.0).contains(&figure(level, "sends")), "{report:#}");
    median(level, "latencyMs");
    median(level, "deliveryMs");
}

#[test]
fn who_comes_and_goes_is_seen() {
    let report = report("presence --otomo 5 --watchers 4 --rate 20 --seconds 1");
    assert!(figure(&report, "changes") > 0.0);
    median(&report, "latencyMs");
    median(&report, "logoutMs");
    assert_eq!(figure(&report, "unanswered"), 0.0);
    figure(&report, "toolLateMs");
}

#[test]
fn the_newest_status_is_seen_however_often_it_changes() {
    let report = report("presence --otomo 6 --watchers 4 --updates 300 --seconds 3");
    assert!(figure(&report, "changes") > 0.0);
    assert!(figure(&report, "heard") > 0.0);
    median(&report, "newestMs");
    assert!(report["behindMs"]["max"].as_f64() > Some(0.0), "{report:#}");
    assert_eq!(figure(&report, "unanswered"), 0.0);
    figure(&report, "toolLateMs");
}

#[test]
fn who_comes_back_has_all_that_they_missed() {
    for (way, together) in [("ws", 1), ("ws", 4), ("sse", 2), ("socketio", 2)] {
        let report = report(&format!(
            "replay --users 6 --events 300 --together {together} --transport {way}"
        ));
        assert_eq!(report["events"], 6 * 300);
        assert!(figure(&report, "eventsPerSecond") > 0.0);
        let last = median(&report, "latencyMs");
        assert!(last <= median(&report, "readyMs"), "{report:#}");
        figure(&report, "serverUserMicrosPerEvent");
        assert_eq!(report["serverNeverIdle"], false);
    }
}

#[test]
fn rooms_hear_what_a_backend_says() {
    for manner in ["durable", "state", "ephemeral --priority low"] {
        let report = report(&format!(
            "events --rooms 2 --members 3 --rate 40 --batch 4 --publishers 2 --seconds 1 --kind {manner}"
        ));
        assert!(figure(&report, "deliveries") > 0.0);
        median(&report, "latencyMs");
        median(&report, "postMs");
        assert_eq!(figure(&report, "unsent"), 0.0);
        figure(&report, "toolLateMs");
        // Of each event there are three deliveries, less those that a newer one took the place of.
        let rate = figure(&report, "eventsPerSecond");
        assert!((1.0..=60.0).contains(&rate), "{report:#}");
    }
}

/// Goal: a day has something of everything, and what nobody is free for is counted as such. Method: three pairs are asked for
/// several times as many calls as they can have.
#[test]
fn a_day_has_something_of_everything_and_leaves_nothing_out_in_silence() {
    let report = report("mixed --people 60 --rate 120 --duration 8s");
    assert!(figure(&report, "acts") > 50.0, "{report:#}");
    assert_eq!(figure(&report, "unanswered"), 0.0);
    figure(&report, "toolLateMs");
    let mut skipped = 0.0;
    for act in ["call", "message", "typing", "status", "event", "reconnect"] {
        median(&report, &format!("{act}Ms"));
        skipped += figure(&report, &format!("{act}Skipped"));
    }
    assert!(figure(&report, "callSkipped") > 0.0, "{report:#}");
    assert_eq!(figure(&report, "skipped"), skipped);
}

/// The short form of `scripts/test long soak`: twenty seconds of it, with room for caches that fill. The database has a log that
/// grows up to 64 MiB first.
#[test]
fn a_soak_levels_off() {
    let place = Place::new();
    let run = "bench soak --people 40 --rate 40 --duration 20s --every 500ms --expect memory-growth<25% \
               --expect descriptors-growth<25% --expect threads-growth<50% \
               --expect stuck<1 --expect errors<1 --expect findings<1 --verdict";
    let words: Vec<_> = run.split_whitespace().collect();
    let table = place.otomo(&words).printed();
    for row in [
        "growth of memory",
        "growth of descriptors",
        "growth of threads",
        "growth of the database",
        "growth of the write-ahead log",
        "| calls that go on without anybody | 0 | `stuck<1` | holds |",
        "| errors in the server's log | 0 | `errors<1` | holds |",
        "| things in the database that should not be | 0 | `findings<1` | holds |",
        "typing and events to a connection that broke",
    ] {
        assert!(table.contains(row), "no {row} in\n{table}");
    }
}
