//! The board without a hub.

use serde_json::{Value, json};

use super::*;
use crate::kernel::time::Timestamp;

fn board() -> Board {
    Board::new(Arc::new(Metrics::default()))
}

fn entry(otomo: &str, status: Status, version: u64, seconds: i64) -> Entry {
    Entry {
        otomo: otomo.parse().unwrap(),
        name: otomo.to_uppercase(),
        avatar: None,
        published: Published {
            status,
            version,
            changed_at: Timestamp::from_millis(seconds * 1_000),
        },
    }
}

fn ids(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.otomo.as_str()).collect()
}

#[test]
fn only_a_later_version_is_a_new_status() {
    let board = board();
    let online = entry("aiko", Status::Online, 3, 10);
    assert_eq!(board.news(&online), News::Status, "nobody knew her");
    board.put(vec![online.clone()], 1);
    assert_eq!(board.news(&online), News::None);

    let late = entry("aiko", Status::Busy, 2, 9);
    assert_eq!(board.news(&late), News::None);
    board.put(vec![late], 1);
    assert_eq!(board.get(&online.otomo), Some(online.clone()));

    let renamed = Entry {
        name: "Ai".to_owned(),
        ..online.clone()
    };
    assert_eq!(board.news(&renamed), News::Profile);
    let next = entry("aiko", Status::Busy, 4, 11);
    assert_eq!(board.news(&next), News::Status);
    board.put(vec![renamed, next.clone()], 2);
    assert_eq!(board.get(&online.otomo), Some(next));
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let board = board();
    board.put(
        vec![
            entry("aiko", Status::Offline, 1, 50),
            entry("ben", Status::Online, 1, 10),
            entry("chie", Status::Online, 1, 20),
            entry("dai", Status::Online, 1, 20),
            entry("emi", Status::Busy, 1, 40),
        ],
        1,
    );
    let first = board.page(None, None, 2);
    assert_eq!(ids(&first), ["chie", "dai"]);
    let after = first[1].place();
    let rest = board.page(None, Some(&after), 10);
    assert_eq!(ids(&rest), ["ben", "emi", "aiko"]);
    let online = board.page(Some(Status::Online), Some(&after), 10);
    assert_eq!(ids(&online), ["ben"]);
}

#[test]
fn the_snapshot_is_encoded_once_until_something_changes() {
    let board = board();
    board.put(vec![entry("aiko", Status::Online, 1, 10)], 7);
    let (first, round) = board.snapshot();
    let (again, _) = board.snapshot();
    assert_eq!(first.json().as_ptr(), again.json().as_ptr());
    assert_eq!(round, 7);

    board.put(vec![entry("aiko", Status::Break, 2, 20)], 8);
    let (changed, round) = board.snapshot();
    let expected = json!({
        "type": "otomo_status_snapshot",
        "otomos": [{"userId": "aiko", "status": "break", "timestamp": 20, "version": 2, "name": "AIKO"}],
    });
    let shown: Value = serde_json::from_slice(changed.json()).unwrap();
    assert_eq!((shown, round), (expected, 8));
}
