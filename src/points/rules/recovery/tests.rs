use super::{super::POINTS_MAX, *};

fn schedule(zone: &str, at: &str) -> Schedule {
    let zone = TimeZone::get(zone).or_else(|_| TimeZone::posix(zone));
    Schedule {
        at: at.parse().unwrap(),
        zone: zone.unwrap(),
    }
}

fn time(utc: &str) -> Timestamp {
    let time: jiff::Timestamp = utc.parse().unwrap();
    Timestamp::from_millis(time.as_millisecond())
}

/// Zone, time of day, and for each day when its points come.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const CASES: [Case; 14] = [
    (
        "UTC",
        "04:00",
        &[
            ("2026-11-25", "2026-11-25T04:00Z"),
            ("2026-11-26", "2026-11-26T04:00Z"),
        ],
    ),
    (
        "Asia/Tokyo",
        "04:00",
        &[
            ("2026-11-25", "2026-11-24T19:00Z"),
            ("2026-11-26", "2026-11-25T19:00Z"),
        ],
    ),
    // Midnight, and the last minute.
    (
        "Asia/Tokyo",
        "00:00",
        &[("2026-11-25", "2026-11-24T15:00Z")],
    ),
    (
        "Asia/Tokyo",
        "23:59",
        &[("2026-11-25", "2026-11-25T14:59Z")],
    ),
    // A leap day, and the day after.
    (
        "America/New_York",
        "04:00",
        &[
            ("2028-02-29", "2028-02-29T09:00Z"),
            ("2028-03-01", "2028-03-01T09:00Z"),
        ],
    ),
    // 02:30 is missing: 03:00 is the next minute. The day after it is there.
    (
        "America/New_York",
        "02:30",
        &[
            ("2026-03-07", "2026-03-07T07:30Z"),
            ("2026-03-08", "2026-03-08T07:00Z"),
            ("2026-03-09", "2026-03-09T06:30Z"),
        ],
    ),
    // 01:30 comes twice: the first time counts.
    (
        "America/New_York",
        "01:30",
        &[
            ("2026-11-01", "2026-11-01T05:30Z"),
            ("2026-11-02", "2026-11-02T06:30Z"),
        ],
    ),
    // Clocks move by half an hour: 02:15 is missing in October and comes twice as 01:45 in April.
    (
        "Australia/Lord_Howe",
        "02:15",
        &[
            ("2026-10-03", "2026-10-02T15:45Z"),
            ("2026-10-04", "2026-10-03T15:30Z"),
            ("2026-10-05", "2026-10-04T15:15Z"),
        ],
    ),
    (
        "Australia/Lord_Howe",
        "01:45",
        &[
            ("2026-04-05", "2026-04-04T14:45Z"),
            ("2026-04-06", "2026-04-05T15:15Z"),
        ],
    ),
    // Both sides of the date line.
    (
        "Pacific/Kiritimati",
        "04:00",
        &[("2026-11-25", "2026-11-24T14:00Z")],
    ),
    (
        "Pacific/Pago_Pago",
        "04:00",
        &[("2026-11-25", "2026-11-25T15:00Z")],
    ),
    // Samoa moved across it: there was no 30 December.
    (
        "Pacific/Apia",
        "04:00",
        &[
            ("2011-12-29", "2011-12-29T14:00Z"),
            ("2011-12-31", "2011-12-30T14:00Z"),
        ],
    ),
    // Midnight is missing, as it was each spring in many a country.
    (
        "America/Asuncion",
        "00:00",
        &[
            ("2023-09-30", "2023-09-30T04:00Z"),
            ("2023-10-01", "2023-10-01T04:00Z"),
            ("2023-10-02", "2023-10-02T03:00Z"),
        ],
    ),
    // Clocks go forward at 23:30 by an hour: what is due at 23:45 comes at 00:30 of the next day, whose own come later.
    (
        "AAA0BBB,M3.5.0/23:30,M10.5.0/3",
        "23:45",
        &[
            ("2026-03-28", "2026-03-28T23:45Z"),
            ("2026-03-29", "2026-03-29T23:30Z"),
            ("2026-03-30", "2026-03-30T22:45Z"),
        ],
    ),
];

#[test]
fn the_points_of_a_day_come_at_its_first_moment_that_is_late_enough() {
    for (zone, at, days) in CASES {
        let schedule = schedule(zone, at);
        for (day, utc) in days {
            let comes = schedule.comes_at(day.parse().unwrap()).unwrap();
            let expected: jiff::Timestamp = utc.parse().unwrap();
            assert_eq!(comes, expected, "{zone} {at} {day}");
        }
    }
}

#[test]
fn a_day_that_there_is_not_has_no_points() {
    let samoa = schedule("Pacific/Apia", "04:00");
    assert_eq!(samoa.comes_at("2011-12-30".parse().unwrap()), None);
    assert_eq!(
        samoa.next(time("2011-12-29T14:00Z")),
        Some(time("2011-12-30T14:00Z"))
    );
    // Midnight after the 29th is midnight of the 31st.
    assert_eq!(samoa.due(time("2011-12-30T10:00Z")), None);
}

/// Goal: every day that there is comes up exactly once, whatever clocks do; and nothing is due that is not of the current
/// date.
/// Method: each zone's clock is looked at every five minutes around each of its days.
#[test]
fn walking_through_time_each_day_is_due_once_and_from_its_moment_on() {
    for (zone, at, days) in CASES {
        let schedule = schedule(zone, at);
        let first = time(days[0].1) - std::time::Duration::from_hours(24);
        let (mut now, mut seen) = (first, Vec::new());
        let end = time(days[days.len() - 1].1);
        while now <= end {
            if let Some(due) = schedule.due(now) {
                let comes = schedule.comes_at(due).unwrap();
                assert!(
                    comes.as_millisecond() <= now.millis(),
                    "{zone} {at}: {due} at {now:?}"
                );
                if seen.last() != Some(&due) {
                    seen.push(due);
                }
            }
            let next = schedule.next(now).unwrap();
            assert!(next > now);
            now = next.min(now + std::time::Duration::from_mins(5));
        }
        let expected: Vec<Date> = days.iter().map(|(day, _)| day.parse().unwrap()).collect();
        let listed: Vec<Date> = seen
            .iter()
            .copied()
            .filter(|day| expected.contains(day))
            .collect();
        assert_eq!(listed, expected, "{zone} {at}");
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once, seen, "{zone} {at}: a day came back");
    }
}

#[test]
fn nothing_is_due_before_its_time_and_nothing_of_yesterday() {
    let tokyo = schedule("Asia/Tokyo", "04:00");
    let day = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        tokyo.due(time("2026-11-24T14:59:59.999Z")),
        day("2026-11-24")
    );
    // Midnight: the points of the day before are not made up.
    assert_eq!(tokyo.due(time("2026-11-24T15:00Z")), None);
    assert_eq!(tokyo.due(time("2026-11-24T18:59:59.999Z")), None);
    assert_eq!(tokyo.due(time("2026-11-24T19:00Z")), day("2026-11-25"));
    assert_eq!(
        tokyo.next(time("2026-11-24T18:59Z")),
        Some(time("2026-11-24T19:00Z"))
    );
    assert_eq!(
        tokyo.next(time("2026-11-24T19:00Z")),
        Some(time("2026-11-25T19:00Z"))
    );
}

#[test]
fn an_account_gets_what_it_has_room_for() {
    let amount = Amount::try_from(30).unwrap();
    let gains = |balance, cap| gain(balance, amount, cap).map(Amount::get);
    assert_eq!(gains(0, 100), Some(30));
    assert_eq!(gains(70, 100), Some(30));
    assert_eq!(gains(71, 100), Some(29));
    assert_eq!(gains(99, 100), Some(1));
    assert_eq!(gains(100, 100), None);
    assert_eq!(gains(5_000, 100), None);
    assert_eq!(gains(POINTS_MAX - 1, POINTS_MAX), Some(1));
    assert_eq!(gains(POINTS_MAX, POINTS_MAX), None);
}
