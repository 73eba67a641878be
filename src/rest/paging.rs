//! Lists in pages: `?limit=` (50, at most 200) and an opaque `cursor`, which is where the page before ended. A page goes on
//! after a place, not after a count, so what is added or changes meanwhile shifts nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::error::ApiError;
use crate::contract::parameter;

/// Entries of a page where the asker does not say.
const LIMIT: u32 = 50;

/// The most that a page may have.
const LIMIT_MAX: u32 = 200;

/// Which page is wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Paging {
    /// Entries of a page: 50 where nothing is said.
    #[serde(default, deserialize_with = "limit")]
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The `nextCursor` of the page before; nothing for the first page.
    #[schemars(length(min = 1), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    cursor: Option<String>,
}

/// How much is wanted of what has no cursor of ours: its place is said otherwise, or there is one page alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Size {
    /// The most entries: 50 where nothing is said.
    #[serde(default, deserialize_with = "limit")]
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
}

fn limit<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u32>, D::Error> {
    let must = format_args!("limit must be 1 to {LIMIT_MAX}");
    parameter::parse(given, must, |text| match text.parse() {
        Ok(limit @ 1..=LIMIT_MAX) => Some(Some(limit)),
        _ => None,
    })
}

impl Size {
    /// The most entries that the answer may have.
    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT)
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PageOf{T}")]
pub(super) struct Page<T> {
    /// The entries.
    items: Vec<T>,
    /// For the page after this one; `null` at the end.
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The only page of a list.
    pub(super) fn only(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }
}

impl Paging {
    /// How many entries the page may have.
    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT)
    }

    /// How many rows to read: one more than the page has, which shows whether it is the last.
    pub(super) fn rows(&self) -> u32 {
        self.limit() + 1
    }

    /// The place after which the page begins; `None` for the first.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a cursor that we did not make.
    pub(super) fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let place = URL_SAFE_NO_PAD.decode(cursor).ok();
        let place = place.and_then(|json| serde_json::from_slice(&json).ok());
        match place {
            Some(place) => Ok(Some(place)),
            None => Err(ApiError::bad_request(
                "cursor is not the nextCursor of a page of this list",
            )),
        }
    }

    /// The page made of up to [`Paging::rows`] rows. `place` is what [`Paging::after`] reads.
    pub(super) fn page<R, K: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        place: impl Fn(&R) -> K,
        view: impl FnMut(R) -> T,
    ) -> Page<T> {
        let limit = self.limit() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        // Places are numbers and texts, which JSON can always write.
        let json = last.and_then(|row| serde_json::to_vec(&place(row)).ok());
        Page {
            next_cursor: json.map(|json| URL_SAFE_NO_PAD.encode(json)),
            items: rows.into_iter().map(view).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Query;

    use super::*;

    fn paging(query: &str) -> Paging {
        Query::<Paging>::from_query(query).unwrap().into_inner()
    }

    #[test]
    fn a_list_is_read_to_its_end_without_repeating_or_missing_anything() {
        let list: Vec<u32> = (0..7).collect();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let paging = paging(&format!("limit=3{cursor}"));
            let after: Option<u32> = paging.after().unwrap();
            let rows = list
                .iter()
                .filter(|it| after.is_none_or(|after| **it > after));
            let rows = rows.take(paging.rows() as usize).copied().collect();
            let page = paging.page(rows, |row| *row, |row| row);
            seen.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, list);
    }

    #[test]
    fn the_limit_is_50_and_at_most_200() {
        assert_eq!(paging("").limit(), 50);
        assert_eq!(paging("limit=200").limit(), 200);
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=many"] {
            assert!(Query::<Paging>::from_query(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn a_cursor_of_another_hand_is_refused() {
        for bad in ["cursor=x", "cursor=WyJhIl0", "cursor="] {
            assert!(paging(bad).after::<u32>().is_err(), "{bad} was taken");
        }
    }
}
