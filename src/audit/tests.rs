//! The audit log on a real database.

use tempfile::TempDir;

use super::*;
use crate::{
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        time::Clock,
    },
    store::migrations::migrate,
};

fn audit() -> (Audit, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("otomo.db"));
    migrate(&url).unwrap();
    let config = DatabaseConfig {
        url,
        pool_size: 1,
        queue: 16,
        statement_timeout: std::time::Duration::from_secs(5),
    };
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = Handle::open(&config, clock, std::sync::Arc::default()).unwrap();
    (Audit::new(store), folder)
}

fn event(target: usize) -> AuditEvent {
    let root = "root".parse().unwrap();
    AuditEvent::new(&root, Action::SetStatus, &target).with_detail("break")
}

#[actix_rt::test]
async fn an_action_is_there_before_its_outcome_is() {
    let (audit, _folder) = audit();
    let id = audit.begin(event(1)).await.unwrap();
    let begun = audit.page(None, 10).await.unwrap().remove(0);
    assert_eq!((begun.id, begun.at.millis()), (id, 1_000));
    assert_eq!((begun.event, begun.outcome), (event(1), None));
    audit.conclude(id, DONE).await.unwrap();
    let concluded = audit.page(None, 10).await.unwrap().remove(0);
    assert_eq!(concluded.outcome.as_deref(), Some(DONE));
}

#[actix_rt::test]
async fn the_log_is_read_from_the_newest_back() {
    let (audit, _folder) = audit();
    for target in 0..5 {
        audit.begin(event(target)).await.unwrap();
    }
    let targets = |page: &[Entry]| -> Vec<String> {
        page.iter()
            .map(|entry| entry.event.target.clone())
            .collect()
    };
    let first = audit.page(None, 3).await.unwrap();
    assert_eq!(targets(&first), ["4", "3", "2"]);
    let rest = audit.page(first.last().map(|it| it.id), 3).await.unwrap();
    assert_eq!(targets(&rest), ["1", "0"]);
}
