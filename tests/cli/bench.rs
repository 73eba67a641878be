//! `otomo bench`, for real: it starts a server, loads it, and says what that cost.

mod outcomes;
mod scenarios;
mod slow_servers;
mod transports;

use super::Place;

/// The report of a run, as programs read it.
#[track_caller]
fn report(place: &Place, args: &str) -> serde_json::Value {
    let args = format!("bench {args} --json");
    let args: Vec<_> = args.split(' ').collect();
    serde_json::from_str(&place.otomo(&args).printed()).unwrap()
}

/// A figure of a report.
#[track_caller]
fn number(report: &serde_json::Value, name: &str) -> f64 {
    let figure = report[name].as_f64();
    figure.unwrap_or_else(|| panic!("no number {name} in {report}"))
}

/// The figure of the table's line with this name.
#[track_caller]
fn figure(table: &str, name: &str) -> f64 {
    let line = table.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no line {name:?} in\n{table}"));
    let figure = line.rsplit(' ').next().unwrap().replace(',', "");
    figure.parse().unwrap_or_else(|_| panic!("{line:?}"))
}

#[test]
fn idle_connections_are_weighed() {
    let place = Place::new();
    let args = ["bench", "idle", "--connections", "50", "--settle", "100ms"];
    let table = place.otomo(&args).printed();
    assert_eq!(figure(&table, "connections"), 50.0);
    let [before, after, each] = ["before", "after", "per idle connection"]
        .map(|when| figure(&table, &format!("server memory {when}, KiB")));
    assert!(before > 1000.0, "{table}");
    let grown = (after - before).max(0.0) / 50.0;
    assert!((each - grown).abs() < 0.06, "{table}");
    let cpu = ["user", "system"].map(|whose| format!("server {whose} CPU per connect, µs"));
    let cpu: f64 = cpu.iter().map(|name| figure(&table, name)).sum();
    assert!(cpu > 0.0, "nobody is let in for nothing: {table}");
    assert!(place.is_empty(), "nothing is left behind");
}

#[test]
fn every_update_reaches_every_subscriber() {
    let place = Place::new();
    let args = "bench fanout --connections 50 --seconds 1 --in-flight 4";
    let args: Vec<_> = args.split(' ').collect();
    let table = place.otomo(&args).printed();
    assert_eq!(figure(&table, "connections"), 50.0);
    let (updates, deliveries) = (
        figure(&table, "updates that reached all"),
        figure(&table, "deliveries"),
    );
    assert!(updates > 0.0, "{table}");
    // Updates that were on their way at either end of the second are counted in part.
    assert!((deliveries - updates * 50.0).abs() <= 4.0 * 50.0, "{table}");
    assert!(figure(&table, "latency of a delivery, p50, ms") > 0.0);
}

#[test]
fn messages_are_counted_that_are_acknowledged() {
    let place = Place::new();
    for who in ["", " --members 3 --online"] {
        let args = format!("bench chat --senders 1,4 --seconds 1 --json{who}");
        let args: Vec<_> = args.split(' ').collect();
        let report: serde_json::Value =
            serde_json::from_str(&place.otomo(&args).printed()).unwrap();
        for (level, senders) in report["levels"].as_array().unwrap().iter().zip([1, 4]) {
            assert_eq!(level["senders"], senders);
            assert!(level["sends"].as_u64().unwrap() > 0, "{report}");
            // None of them sends twice at a time; now and then the server has something of its own to store.
            let writes = level["writesPerCommit"].as_f64().unwrap();
            assert!(
                (1.0..f64::from(senders) + 1.0).contains(&writes),
                "{report}"
            );
            assert!(level["diskCommitMs"].as_f64().unwrap() > 0.0);
        }
    }
    assert!(place.is_empty(), "nothing is left behind");
}

#[test]
fn everybody_who_comes_in_a_storm_or_by_the_clock_is_let_in() {
    let place = Place::new();
    let storm = report(&place, "connect --connections 60 --handshakes 8");
    assert_eq!(number(&storm, "connections"), 60.0);
    assert!(number(&storm, "connectsPerSecond") > 0.0);
    let latency = &storm["latencyMs"];
    assert!(number(latency, "p50") <= number(latency, "max"), "{storm}");
    let ramp = report(&place, "connect --connections 20 --rate 40");
    // The last is due after 19 of the 20 pauses.
    assert!(number(&ramp, "seconds") >= 19.0 / 40.0, "{ramp}");
    let again = report(&place, "connect --connections 20 --again");
    assert_eq!(again["again"], true);
}

#[test]
fn questions_are_answered_one_at_a_time_several_or_by_the_clock() {
    let place = Place::new();
    let closed = report(&place, "echo --connections 4 --seconds 1");
    assert!(number(&closed, "answers") > 4.0);
    assert!(number(&closed["latencyMs"], "p50") > 0.0);
    let several = report(&place, "echo --connections 2 --in-flight 3 --seconds 1");
    assert_eq!(number(&several, "inFlight"), 3.0);
    assert!(number(&several, "answers") > 6.0);
    let open = report(&place, "echo --connections 4 --rate 50 --seconds 1");
    assert!((1.0..=52.0).contains(&number(&open, "answers")), "{open}");
}

#[test]
fn people_in_calls_reach_each_other() {
    let place = Place::new();
    let report = report(&place, "direct --connections 8 --in-flight 2 --seconds 1");
    assert_eq!(number(&report, "connections"), 8.0);
    assert!(number(&report, "messages") > 8.0);
    // A second's work, on a core each: no more than the second, and not nothing.
    let second = 1e6 * 1.1 / number(&report, "messages") * number(&report, "seconds");
    let of = |whose| number(&report, &format!("{whose}MicrosPerMessage"));
    let server = of("serverUser") + of("serverSystem");
    assert!(server > 0.0, "{report}");
    assert!(of("tool") > 0.0 && of("tool") < second, "{report}");
    let share = of("tool") * number(&report, "messages") / number(&report, "seconds") / 1e4;
    let told = number(&report, "toolSharePercent");
    assert!((share - told).abs() < 2.0, "{share} in {report}");
    assert_eq!(report["toolIsTheLimit"], told > 80.0);
    assert_eq!(number(&report, "unanswered"), 0.0);
    assert!(place.is_empty(), "nothing is left behind");
}

#[test]
fn the_floor_is_weighed_and_joining_pays() {
    let report = report(&Place::new(), "floor --connections 20 --seconds 1");
    let (single, joined) = (
        number(&report, "nanosPerWrite"),
        number(&report, "nanosPerJoinedWrite"),
    );
    assert!(joined > 0.0 && joined < single * 16.0, "{report}");
    let per_second = 16.0 * 1e9 / joined;
    assert!((number(&report, "joinedDeliveriesPerCpuSecond") - per_second).abs() < 1.0);
}

#[test]
fn programs_get_json() {
    let place = Place::new();
    let args = "bench fanout --connections 5 --seconds 1 --rate 20 --json";
    let args: Vec<_> = args.split(' ').collect();
    let report: serde_json::Value = serde_json::from_str(&place.otomo(&args).printed()).unwrap();
    assert_eq!(report["scenario"], "fanout");
    assert_eq!(report["asked"], 20);
    assert!(report["inFlight"].is_null(), "the clock decides: {report}");
    let updates = report["updates"].as_u64().unwrap();
    // Not as many as were asked for, where the machine is busy.
    assert!((1..=25).contains(&updates), "{report}");
}

#[test]
fn what_makes_figures_worthless_is_said() {
    let place = Place::new();
    let nobody = "bench idle --connections 1 --url ws://127.0.0.1:1/ws --pid 1";
    let args: Vec<_> = nobody.split(' ').collect();
    let complaint = place.otomo(&args).failed(1);
    assert!(
        complaint.contains("127.0.0.1:1 cannot be connected to"),
        "{complaint}"
    );
    let args = ["bench", "idle", "--connections", "4000000000"];
    let complaint = place.otomo(&args).failed(1);
    assert!(complaint.contains("descriptors are needed"), "{complaint}");
    let args = ["bench", "presence", "--otomo", "1", "--updates", "9"];
    let complaint = place.otomo(&args).failed(2);
    assert!(
        complaint.contains("there must be two of them"),
        "{complaint}"
    );
}
