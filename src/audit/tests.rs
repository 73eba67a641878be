//! The book on a real database.

use tempfile::TempDir;

use super::*;
use crate::{
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        time::Clock,
    },
    store::migrations::migrate,
};

fn book() -> (Audit, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("otomo.db"));
    migrate(&url).unwrap();
    let config = DatabaseConfig {
        url,
        pool_size: 1,
        queue: 16,
    };
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = Handle::open(&config, clock, std::sync::Arc::default()).unwrap();
    (Audit::new(store), folder)
}

fn deed(target: usize) -> Deed {
    let root = "root".parse().unwrap();
    Deed::new(&root, Action::SetStatus, &target).saying("break")
}

#[actix_rt::test]
async fn a_deed_is_there_before_its_outcome_is() {
    let (book, _folder) = book();
    let id = book.begin(deed(1)).await.unwrap();
    let begun = book.page(None, 10).await.unwrap().remove(0);
    assert_eq!((begun.id, begun.at.millis()), (id, 1_000));
    assert_eq!((begun.deed, begun.outcome), (deed(1), None));
    book.conclude(id, DONE).await.unwrap();
    let concluded = book.page(None, 10).await.unwrap().remove(0);
    assert_eq!(concluded.outcome.as_deref(), Some(DONE));
}

#[actix_rt::test]
async fn the_book_is_read_from_the_newest_back() {
    let (book, _folder) = book();
    for target in 0..5 {
        book.begin(deed(target)).await.unwrap();
    }
    let targets = |page: &[Entry]| -> Vec<String> {
        page.iter().map(|entry| entry.deed.target.clone()).collect()
    };
    let first = book.page(None, 3).await.unwrap();
    assert_eq!(targets(&first), ["4", "3", "2"]);
    let rest = book.page(first.last().map(|it| it.id), 3).await.unwrap();
    assert_eq!(targets(&rest), ["1", "0"]);
}
