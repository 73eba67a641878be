//! Rows that cannot be read: damaged, or changed by another hand. A list is told without them, for else one of them would keep
//! everybody from reading all the others.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::StoreError;
use crate::kernel::{logging::chain, now_and_then::NowAndThen};

/// Those of some rows that can be read; the others are logged.
///
/// # Errors
/// Whatever else is wrong.
pub fn readable<T>(
    rows: impl IntoIterator<Item = Result<T, StoreError>>,
) -> Result<Vec<T>, StoreError> {
    let mut readable = Vec::new();
    for row in rows {
        match row {
            Ok(row) => readable.push(row),
            Err(fault) => pass_over(fault)?,
        }
    }
    Ok(readable)
}

/// Goes on without a row that cannot be read, which is logged.
///
/// # Errors
/// Whatever else is wrong with it.
pub fn pass_over(fault: StoreError) -> Result<(), StoreError> {
    match fault {
        StoreError::Corrupt(..) => {
            tell(&fault);
            Ok(())
        }
        fault => Err(fault),
    }
}

/// The first `limit` rows of a list that can be read: `load` gives so many rows, without as many of the first. As many as were
/// asked for, unless the list ends: one that is shorter would be taken for its end.
///
/// # Errors
/// Those of `load`, and whatever else is wrong with a row.
pub fn readable_page<R, T>(
    limit: u32,
    mut load: impl FnMut(i64, i64) -> Result<Vec<R>, StoreError>,
) -> Result<Vec<T>, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
{
    let limit = limit as usize;
    let (mut page, mut passed) = (Vec::new(), 0);
    while page.len() < limit {
        let wanted = limit - page.len();
        let rows = load(column(wanted), column(passed))?;
        let is_end = rows.len() < wanted;
        passed += rows.len();
        page.extend(readable(rows.into_iter().map(T::try_from))?);
        if is_end {
            break;
        }
    }
    Ok(page)
}

fn column(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A list that is read each second would say so each second.
fn tell(fault: &StoreError) {
    static LOG: Mutex<NowAndThen> = Mutex::new(NowAndThen::new());
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(times) = log.count(Instant::now()) {
        log::warn!(
            "what is stored cannot be read, and is left out: otomo doctor looks at all times={times} cause={}",
            chain(fault)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_left_out_and_no_other_fault_is() {
        let damaged = || Err(StoreError::corrupt("otomo.status of hana"));
        assert_eq!(readable([Ok(1), damaged(), Ok(3)]).unwrap(), [1, 3]);
        let away = Err(StoreError::unavailable("it is away"));
        assert!(readable([Ok(1), damaged(), away]).is_err());
    }

    /// A number that is damaged if it can be divided by three.
    struct Row(u32);

    impl TryFrom<Row> for u32 {
        type Error = StoreError;

        fn try_from(Row(number): Row) -> Result<Self, StoreError> {
            match number % 3 {
                0 => Err(StoreError::corrupt(number.to_string())),
                _ => Ok(number),
            }
        }
    }

    #[test]
    fn a_page_is_full_whatever_is_left_out_of_it() {
        let of = |numbers: u32, limit: u32| -> Vec<u32> {
            let load = |rows, passed| {
                let [rows, passed] = [rows, passed].map(|it| usize::try_from(it).unwrap());
                Ok((0..numbers).map(Row).skip(passed).take(rows).collect())
            };
            readable_page(limit, load).unwrap()
        };
        assert_eq!(of(10, 4), [1, 2, 4, 5]);
        assert_eq!(of(100, 6), [1, 2, 4, 5, 7, 8]);
        assert_eq!(of(6, 6), [1, 2, 4, 5]);
        assert_eq!(of(7, 4), [1, 2, 4, 5]);
        assert_eq!(of(1, 4), [0; 0]);
        assert_eq!(of(0, 4), [0; 0]);
        assert_eq!(of(9, 0), [0; 0]);
    }
}
