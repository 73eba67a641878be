use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use super::*;
use crate::{
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        time::Clock,
    },
    store::migrations::migrate,
};

fn store() -> (Handle, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = DatabaseConfig {
        url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
        pool_size: 2,
        queue: 1,
        statement_timeout: Duration::from_secs(5),
    };
    migrate(&config.url).unwrap();
    let store = Handle::open(&config, Clock::system(), Arc::default()).unwrap();
    (store, folder)
}

/// What each read was asked.
type Seen = Arc<Mutex<Vec<Vec<u32>>>>;

/// Answers each number with itself, and notes what each read was asked.
fn echo(
    store: Handle,
    read: impl Fn(&[u32], Share) -> Result<Vec<Option<u32>>, StoreError> + Send + Sync + 'static,
) -> (Gathered<u32, u32>, Seen) {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let gathered = Gathered::new(store, move |_, numbers: &[u32], share| {
        noted.lock().unwrap().push(numbers.to_vec());
        read(numbers, share)
    });
    (gathered, seen)
}

fn all(numbers: &[u32]) -> Vec<Option<u32>> {
    numbers.iter().copied().map(Some).collect()
}

#[actix_rt::test]
async fn what_is_asked_in_one_turn_is_read_together_and_each_gets_its_own_answer() {
    let (store, _folder) = store();
    let (echoes, seen) = echo(store, |numbers, _| Ok(all(numbers)));
    let asked: Vec<_> = (0..300).map(|number| echoes.ask(number)).collect();
    for (number, answer) in (0..).zip(asked) {
        assert_eq!(answer.await.unwrap(), number);
    }
    let sizes: Vec<_> = seen.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [256, 44]);
    assert_eq!(echoes.ask(7).await.unwrap(), 7);
}

#[actix_rt::test]
async fn a_question_that_cannot_be_answered_spoils_no_other() {
    let (store, _folder) = store();
    let (picky, _) = echo(store, |numbers, _| match numbers.contains(&13) {
        true => Err(StoreError::corrupt("thirteen")),
        false => Ok(all(numbers)),
    });
    let asked: Vec<_> = [12, 13, 14].map(|number| picky.ask(number)).into();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.ok());
    }
    assert_eq!(answers, [Some(12), None, Some(14)]);
    assert!(picky.ask(13).await.is_err());
}

#[actix_rt::test]
async fn while_the_store_is_away_all_who_wait_are_told_so_by_one_read() {
    let (store, _folder) = store();
    let (away, seen) = echo(store, |_, _| Err(StoreError::unavailable("away")));
    let asked: Vec<_> = (0..300).map(|number| away.ask(number)).collect();
    for answer in asked {
        assert!(matches!(answer.await, Err(StoreError::Unavailable(..))));
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[actix_rt::test]
async fn who_comes_when_too_many_wait_is_told_so_and_the_others_are_answered() {
    let (store, _folder) = store();
    let (echoes, _) = echo(store, |numbers, _| Ok(all(numbers)));
    let most = u32::try_from(WAITING_MAX).unwrap();
    let mut asked: Vec<_> = (0..=most).map(|number| echoes.ask(number)).collect();
    let last = asked.pop().unwrap().await;
    assert!(matches!(last, Err(StoreError::Overloaded(_))), "{last:?}");
    assert_eq!(asked.pop().unwrap().await.unwrap(), most - 1);
    assert_eq!(echoes.ask(7).await.unwrap(), 7, "there is room again");
}

#[actix_rt::test]
async fn what_is_read_alone_counts_among_those_who_wait() {
    let (store, _folder) = store();
    let (echoes, _) = echo(store, |numbers, _| Ok(all(numbers)));
    for number in 0..u32::try_from(WAITING_MAX).unwrap() {
        let (answer, _) = oneshot::channel();
        let mut alone = echoes.0.alone.waiting.borrow_mut();
        alone.push_back((number, answer));
    }
    let refused = echoes.ask(1).await;
    assert!(
        matches!(refused, Err(StoreError::Overloaded(_))),
        "{refused:?}"
    );
}

#[actix_rt::test]
async fn whose_question_is_at_fault_is_found_by_halves() {
    let (store, _folder) = store();
    let (picky, seen) = echo(store, |numbers, _| match numbers.contains(&13) {
        true => Err(StoreError::corrupt("thirteen")),
        false => Ok(all(numbers)),
    });
    let asked: Vec<_> = (0..256).map(|number| picky.ask(number)).collect();
    for (number, answer) in (0..).zip(asked) {
        assert_eq!(answer.await.ok(), (number != 13).then_some(number));
    }
    // All of them, and two halves in each of eight rounds.
    assert_eq!(seen.lock().unwrap().len(), 1 + 2 * 8);
}

/// Goal: who has little to read does not wait until all have been answered who fill a read each.
#[actix_rt::test]
async fn who_asks_little_goes_before_many_who_are_left_out() {
    const LIGHT: u32 = 1_000;
    let (store, _folder) = store();
    let (echoes, seen) = echo(store, |numbers, _| {
        let places = numbers.iter().zip(0..);
        let fits = places.map(|(it, place)| (place == 0 || *it == LIGHT).then_some(*it));
        Ok(fits.collect())
    });
    let heavy: Vec<_> = (0..300).map(|number| echoes.ask(number)).collect();
    assert_eq!(echoes.ask(LIGHT).await.unwrap(), LIGHT);
    assert!(seen.lock().unwrap().len() <= 3, "by the second read");
    drop(heavy);
}

#[actix_rt::test]
async fn who_has_gone_is_not_read_for() {
    let (store, _folder) = store();
    let (echoes, seen) = echo(store, |numbers, _| Ok(all(numbers)));
    drop(echoes.ask(1));
    let second = echoes.ask(2);
    drop(echoes.ask(3));
    assert_eq!(second.await.unwrap(), 2);
    assert_eq!(*seen.lock().unwrap(), [[2]]);
}

/// Goal: who has little to read does not wait for one who has much. Method: the read of the heavy one stands still until the
/// light ones, who asked after it, have their answers.
#[actix_rt::test]
async fn what_does_not_fit_is_read_alone_and_nobody_waits_for_it() {
    const HEAVY: u32 = 1_000;
    let (store, _folder) = store();
    let (go_on, stands_still) = mpsc::channel::<()>();
    let stands_still = Mutex::new(stands_still);
    let (echoes, seen) = echo(store, move |numbers, share| {
        if share == Share::All {
            stands_still.lock().unwrap().recv().unwrap();
        }
        let fits = |number: &u32| *number != HEAVY || share == Share::All;
        Ok(numbers.iter().map(|it| fits(it).then_some(*it)).collect())
    });
    let heavy = echoes.ask(HEAVY);
    for number in [1, 2] {
        assert_eq!(echoes.ask(number).await.unwrap(), number);
    }
    go_on.send(()).unwrap();
    assert_eq!(heavy.await.unwrap(), HEAVY);
    let mut seen = seen.lock().unwrap().clone();
    assert_eq!(seen.remove(0), [HEAVY, 1]);
    // The two lanes are independent of each other.
    seen.sort_unstable();
    assert_eq!(seen, [[2], [HEAVY]]);
}

#[actix_rt::test]
async fn what_is_left_out_is_asked_again_in_its_order() {
    let (store, _folder) = store();
    // Two fit into a read.
    let (echoes, seen) = echo(store, |numbers, _| {
        let answers = numbers.iter().zip(0..);
        Ok(answers
            .map(|(it, place)| (place < 2).then_some(*it))
            .collect())
    });
    let asked: Vec<_> = (0..5).map(|number| echoes.ask(number)).collect();
    for (number, answer) in (0..).zip(asked) {
        assert_eq!(answer.await.unwrap(), number);
    }
    let expected = [vec![0, 1, 2, 3, 4], vec![2, 3, 4], vec![4]];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[actix_rt::test]
async fn nobody_is_told_an_answer_of_a_read_that_has_not_one_for_each() {
    let (store, _folder) = store();
    let reads = AtomicUsize::new(0);
    let (forgetful, _) = echo(store, move |numbers, _| {
        match reads.fetch_add(1, Ordering::Relaxed) {
            // The first one's answer is missing: the second would have its place.
            0 => Ok(all(&numbers[1..])),
            _ => Ok(all(numbers)),
        }
    });
    let (first, second) = (forgetful.ask(1), forgetful.ask(2));
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
}
