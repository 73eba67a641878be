//! The board without a hub.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{list::WHOLE_MAX, *};
use crate::{
    kernel::time::Timestamp,
    protocol::event::{Event, OtomoEntry, OtomoStatusSnapshot},
};

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
    assert_eq!(first[0].json().as_ptr(), again[0].json().as_ptr());
    assert_eq!(round, 7);

    board.put(vec![entry("aiko", Status::Break, 2, 20)], 8);
    let (changed, round) = board.snapshot();
    let expected = json!({
        "type": "otomo_status_snapshot",
        "otomos": [{"userId": "aiko", "status": "break", "timestamp": 20, "version": 2, "name": "AIKO"}],
    });
    let shown: Value = serde_json::from_slice(changed[0].json()).unwrap();
    assert_eq!((shown, round), (expected, 8));
}

/// What the messages of a snapshot say, each as it would be encoded whole.
fn snapshot(board: &Board) -> Vec<Value> {
    let (frames, _) = board.snapshot();
    let json = |frame: &Frame| serde_json::from_slice(frame.json()).unwrap();
    frames.iter().map(json).collect()
}

fn encoded(entries: &[Entry], more: bool) -> Value {
    let otomos = entries.iter().map(OtomoEntry::from).collect();
    let event = Event::from(OtomoStatusSnapshot { otomos, more });
    serde_json::from_slice(Frame::new(&event).json()).unwrap()
}

#[test]
fn up_to_a_thousand_otomo_are_told_in_one_message_and_more_in_several() {
    let board = board();
    let online = |number: usize| entry(&format!("otomo-{number}"), Status::Online, 1, 10);
    board.put((0..WHOLE_MAX).map(online).collect(), 1);
    let everybody = board.page(None, None, usize::MAX);
    assert_eq!(everybody.len(), WHOLE_MAX);
    assert_eq!(snapshot(&board), [encoded(&everybody, false)]);

    board.put(vec![online(WHOLE_MAX)], 2);
    let everybody = board.page(None, None, usize::MAX);
    let told = snapshot(&board);
    assert!(told.len() > 3, "{}", told.len());
    let mut rest = everybody.as_slice();
    for (number, message) in told.iter().enumerate() {
        let here = message["otomos"].as_array().unwrap().len();
        let (part, after) = rest.split_at(here);
        assert_eq!(*message, encoded(part, number + 1 < told.len()));
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn a_change_encodes_what_it_concerns_and_nothing_else() {
    let board = board();
    let online = |number: usize| entry(&format!("otomo-{number}"), Status::Online, 1, 10);
    board.put((0..10 * WHOLE_MAX).map(online).collect(), 1);
    let pointers = || {
        let (frames, _) = board.snapshot();
        let pointers = frames.iter().map(|frame| frame.json().as_ptr());
        pointers.collect::<std::collections::HashSet<_>>()
    };
    let before = pointers();
    board.put(vec![entry("otomo-77", Status::Busy, 2, 20)], 2);
    let after = pointers();
    // The part that it left, and the last one, where it is now. A last part has no `more`.
    assert!(after.difference(&before).count() <= 3);
    assert!(after.len() > 40);
}

proptest! {
    /// The list is what a sorted map is, whatever moves where.
    #[test]
    fn the_list_is_sorted_and_pages_are_what_a_sorted_map_says(
        moves in prop::collection::vec((0..2_000_u32, 0..4_usize, 0..50_i64), 1..3_000),
        limit in 1..600_usize,
        wanted in prop::option::of(0..4_usize),
    ) {
        let board = board();
        let mut model = BTreeMap::new();
        let mut places = HashMap::new();
        for (version, (number, status, seconds)) in (1..).zip(moves) {
            let moved = entry(&format!("otomo-{number}"), Status::ALL[status], version, seconds);
            if let Some(place) = places.insert(number, moved.place()) {
                model.remove(&place);
            }
            model.insert(moved.place(), moved.clone());
            board.put(vec![moved], version);
        }
        let wanted = wanted.map(|status| Status::ALL[status]);
        let listed = |entry: &&Entry| wanted.is_none_or(|it| it == entry.published.status);
        let mut expected = model.values().filter(listed).cloned();
        let mut after: Option<Place> = None;
        loop {
            let page = board.page(wanted, after.as_ref(), limit);
            prop_assert_eq!(&page, &expected.by_ref().take(limit).collect::<Vec<_>>());
            match page.last() {
                Some(last) => after = Some(last.place()),
                None => break,
            }
        }
        let told: Vec<Value> = snapshot(&board)
            .iter()
            .flat_map(|message| message["otomos"].as_array().unwrap().clone())
            .collect();
        let everybody: Vec<Entry> = model.values().cloned().collect();
        prop_assert_eq!(Value::from(told), encoded(&everybody, false)["otomos"].clone());
    }
}
