//! What operators read of points (source document 003): one line for each event.

use std::sync::{Mutex, OnceLock};

use log::{LevelFilter, Log, Metadata, Record};

use crate::fixture::{Server, order, time};

/// Everything that this process logs at info or above.
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}", record.level(), record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

fn lines() -> &'static Lines {
    static LINES: OnceLock<&'static Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines: &Lines = Box::leak(Box::new(Lines(Mutex::default())));
        log::set_logger(lines).unwrap();
        log::set_max_level(LevelFilter::Info);
        lines
    })
}

#[actix_rt::test]
async fn each_event_has_a_line_with_the_user_the_points_and_the_type() {
    let lines = lines();
    let settings = [("points.recovery_amount", "30")];
    let server = Server::start(time("2026-11-25T12:00Z"), &settings);
    let name = "somebody-in-the-log";
    server.order(order(name, "k-1", 5)).await.unwrap();
    server.order(order(name, "k-1", 5)).await.unwrap();
    server.order(order(name, "k-2", -6)).await.unwrap_err();
    server.recover().await;
    let said = lines.0.lock().unwrap().clone();
    let said: Vec<&String> = said.iter().filter(|line| line.contains(name)).collect();
    let line = |event: &str, points: i64, kind: &str| {
        format!(
            "INFO SP update event emitted event={event} user_id={name} current_sp={points} transaction_type={kind}"
        )
    };
    let expected = [
        line("sp_update", 5, "test"),
        line("sp_insufficient", 5, "test"),
        line("sp_daily_recovery", 35, "daily_recovery"),
    ];
    assert_eq!(said, expected.iter().collect::<Vec<_>>());
}
