//! What nobody can mend, and somebody has decided to live with: `otomo doctor --known`.

use std::fs;

use crate::ward::{Kind, Ward};

/// Goal: what is lost for good does not hide what comes later. Method: the lines that the doctor prints of a lost message are kept,
/// then another one is lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_knows_is_told_and_counts_for_nothing_and_what_is_new_does() {
    let ward = Ward::new(Kind::Sqlite).await;
    let known = ward.file().with_file_name("known.txt");
    let kept = known.to_str().unwrap();
    ward.breaks("DELETE FROM messages WHERE seq = 3");
    let told = ward.doctor(&["doctor"]);
    assert_eq!(told.code, 1, "{}", told.text);
    let failed = told.text.lines().filter(|line| line.starts_with("failed "));
    fs::write(&known, failed.collect::<Vec<_>>().join("\n")).unwrap();

    let again = ward.doctor(&["doctor", "--known", kept]);
    assert_eq!(again.code, 0, "{}", again.text);
    assert!(again.text.contains("known    conversation-messages"));
    let repair = ward.doctor(&["doctor", "--repair", "--known", kept]);
    assert_eq!(repair.code, 0, "{}", repair.text);

    ward.breaks("DELETE FROM messages WHERE seq = 5");
    for args in [["doctor"].as_slice(), &["doctor", "--repair"]] {
        let new = ward.doctor(&[args, &["--json", "--known", kept]].concat());
        assert_eq!(new.code, 1, "{}", new.text);
        assert!(new.text.contains("\"ok\": false"), "{}", new.text);
        let new = new.found.iter().filter(|it| it.verdict == "failed");
        assert!(new.clone().count() > 0);
        assert!(new.clone().all(|it| it.found.contains('5')), "{new:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_must_be_there() {
    let ward = Ward::new(Kind::Sqlite).await;
    let visit = ward.doctor(&["doctor", "--known", "nowhere.txt"]);
    assert_eq!(visit.code, 1);
    let complaint = "--known: nowhere.txt cannot be read: No such file";
    assert!(visit.text.contains(complaint), "{}", visit.text);
}
