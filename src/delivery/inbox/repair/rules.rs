//! What a stream should be, by what is left of it. Pure.

use crate::store::repair::is_place;

/// Where a stream begins and ends: its rows are those from `floor + 1` to `head`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) floor: i64,
    pub(super) head: i64,
}

/// A stream as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    /// What its head says; `None` if it has none.
    pub(super) bounds: Option<Bounds>,
    /// The places of the events that can be read, rising.
    pub(super) stored: Vec<i64>,
    /// The last place of all that can be one, also of those that cannot be read.
    pub(super) last: i64,
}

impl Stream {
    /// Where it begins and ends once it is mended. The head never goes back: a client may have an event of every place up to
    /// there, and would take another one in that place for the same. The floor is the last place without an event, so what is
    /// above it has no hole. What it said before does not count: the retention takes events in the step that moves the floor, so
    /// one below it says that the floor is wrong, and is due to whoever has not read it.
    pub(super) fn mended(&self) -> Bounds {
        let said = self.bounds.map_or(0, |bounds| bounds.head);
        let said = Some(said).filter(|head| is_place(*head));
        let head = said.unwrap_or(0).max(self.last);
        let newest_first = self.stored.iter().filter(|seq| is_place(**seq)).rev();
        let unbroken = newest_first
            .zip((1..=head).rev())
            .take_while(|(stored, place)| *stored == place)
            .count();
        let unbroken = i64::try_from(unbroken).unwrap_or(i64::MAX);
        Bounds {
            floor: head - unbroken,
            head,
        }
    }

    /// The one event whose place is none, and the one place without an event, where there is one of each: it is that event's.
    pub(super) fn displaced(&self) -> Option<(i64, i64)> {
        let Bounds { floor, head } = self
            .bounds
            .filter(|it| (0..=it.head).contains(&it.floor) && is_place(it.head))?;
        let (placed, strays): (Vec<i64>, Vec<i64>) = self
            .stored
            .iter()
            .partition(|seq| (floor.saturating_add(1)..=head).contains(*seq));
        let [stray] = strays[..] else { return None };
        let missing = head.checked_sub(floor)? - i64::try_from(placed.len()).ok()?;
        let mut places = (floor + 1..=head).zip(placed.iter().map(Some).chain([None]));
        let free = places.find(|(place, placed)| *placed != Some(place))?;
        (missing == 1 && !is_place(stray)).then_some((stray, free.0))
    }

    /// What is wrong with it, in words.
    pub(super) fn fault(&self) -> String {
        let (first, last) = (self.stored.first(), self.stored.last());
        let Some(Bounds { floor, head }) = self.bounds else {
            return match (first, last) {
                (Some(first), Some(last)) => {
                    format!("has events from {first} to {last}, and no head")
                }
                _ => "has places without events, and no head".to_owned(),
            };
        };
        let count = self.stored.len();
        let first_said = floor.saturating_add(1);
        let range = format!("says that it goes from {first_said} to {head}");
        match (first, last) {
            (Some(first), Some(last)) => {
                format!("{range}, and has {count} events that can be read, from {first} to {last}")
            }
            _ => format!("{range}, and has no event that can be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(bounds: Option<(i64, i64)>, stored: &[i64]) -> (i64, i64) {
        let stream = Stream {
            bounds: bounds.map(|(floor, head)| Bounds { floor, head }),
            stored: stored.to_vec(),
            last: stored
                .iter()
                .copied()
                .filter(|it| is_place(*it))
                .max()
                .unwrap_or(0),
        };
        let Bounds { floor, head } = stream.mended();
        (floor, head)
    }

    #[test]
    fn a_stream_begins_anew_after_its_last_hole_and_never_ends_earlier() {
        for (bounds, stored, wanted) in [
            // Sound ones stay as they are.
            (Some((0, 3)), &[1, 2, 3][..], (0, 3)),
            (Some((2, 4)), &[3, 4], (2, 4)),
            (Some((5, 5)), &[], (5, 5)),
            // Without a head, with one that is behind, with one that is ahead.
            (None, &[4, 5], (3, 5)),
            (Some((0, 2)), &[1, 2, 3], (0, 3)),
            (Some((0, 5)), &[1, 2, 3], (5, 5)),
            // A hole in the middle, at the beginning, and both.
            (Some((0, 5)), &[1, 2, 4, 5], (3, 5)),
            (Some((0, 3)), &[2, 3], (1, 3)),
            (Some((0, 9)), &[2, 3, 5, 9], (8, 9)),
            // Some are there that were dropped, it says.
            (Some((3, 5)), &[2, 3, 4, 5], (1, 5)),
            (Some((5, 5)), &[4, 5], (3, 5)),
            // Numbers that no stream has.
            (Some((-2, 3)), &[1, 2, 3], (0, 3)),
            (Some((7, 3)), &[], (3, 3)),
            (Some((7, 3)), &[1, 2, 3], (0, 3)),
            (Some((4_102_444_800_000, 3)), &[2, 3], (1, 3)),
            (None, &[-1, 0], (0, 0)),
            (Some((i64::MAX, i64::MAX)), &[3, 4], (2, 4)),
            (Some((i64::MAX, i64::MAX)), &[], (0, 0)),
            (Some((0, 2)), &[1, 2, i64::MAX], (0, 2)),
            (Some((0, 3)), &[1, 3, i64::MAX], (2, 3)),
        ] {
            assert_eq!(mended(bounds, stored), wanted, "{bounds:?} {stored:?}");
        }
    }

    #[test]
    fn the_one_event_without_a_place_belongs_into_the_one_hole() {
        for (bounds, stored, wanted) in [
            ((0, 4), &[1, 3, 4, i64::MAX][..], Some((i64::MAX, 2))),
            ((0, 4), &[-1, 1, 2, 3], Some((-1, 4))),
            ((2, 4), &[0, 4], Some((0, 3))),
            // Which is whose cannot be said, or there is no hole.
            ((0, 5), &[-1, 0, 1, 3, 5], None),
            ((0, 4), &[1, 3, i64::MAX], None),
            ((0, 2), &[1, 2, i64::MAX], None),
            // It has a place, beyond the end.
            ((0, 2), &[1, 3], None),
            ((i64::MIN, i64::MAX), &[1, 2], None),
            ((i64::MIN, 3), &[-1, 1, 2], None),
            ((i64::MAX, 3), &[-1, 1, 2], None),
        ] {
            let (floor, head) = bounds;
            let stream = Stream {
                bounds: Some(Bounds { floor, head }),
                stored: stored.to_vec(),
                last: 0,
            };
            assert_eq!(stream.displaced(), wanted, "{bounds:?} {stored:?}");
        }
    }

    #[test]
    fn a_place_without_an_event_at_the_end_was_given_too() {
        let stream = Stream {
            bounds: Some(Bounds { floor: 0, head: 2 }),
            stored: vec![1, 2],
            last: 3,
        };
        assert_eq!(stream.mended(), Bounds { floor: 3, head: 3 });
    }

    #[test]
    fn what_is_mended_is_sound() {
        // Every stream of up to six places, with every head and floor around it.
        for places in 0..64_i64 {
            let stored: Vec<i64> = (1..=6)
                .filter(|seq| places & (1 << (seq - 1)) != 0)
                .collect();
            for floor in -1..8 {
                for head in -1..8 {
                    let (floor, head) = mended(Some((floor, head)), &stored);
                    let kept: Vec<i64> =
                        stored.iter().copied().filter(|seq| *seq > floor).collect();
                    assert_eq!(kept, (floor + 1..=head).collect::<Vec<_>>());
                    assert!((0..=head).contains(&floor));
                }
            }
        }
    }
}
