//! Calls and what stands beside them: otomo who cannot be read either, a timeline and people that refer to another id.

use crate::{
    town,
    ward::{Kind, Said, Ward},
};

/// Each is settled with the other; seed 69 of `random` had an otomo and a call that was over.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_and_its_otomo_are_mended_though_neither_can_be_read() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let mends = [
            "UPDATE calls SET connected_at = NULL WHERE phase <> 'ended'; UPDATE otomo SET status = 'away' WHERE user_id = 'rin'",
            "UPDATE calls SET ended_by = NULL WHERE outcome = 'rejected'; UPDATE otomo SET status = 'away' WHERE user_id = 'mei'",
        ];
        for broken in mends {
            ward.breaks(broken);
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{}", repair.text);
            ward.repairs().finds_nothing();
        }
        town::goes_on(&ward.serve().await).await;
    }
}

/// From outside: its id was read in lower case and never found, its timeline went, and its people were held for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_id_is_in_upper_case_goes_on_with_its_timeline_and_its_people() {
    const TIMELINE: &str =
        "SELECT count(*) FROM call_events JOIN calls ON calls.id = call_events.call_id
        WHERE calls.id = lower(calls.id)";
    const HELD: &str =
        "SELECT count(*) FROM live_participants JOIN calls ON calls.id = live_participants.call_id
        WHERE calls.phase = 'connected'";
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for beside in ["", "UPDATE live_participants SET call_id = upper(call_id);"] {
            let ward = Ward::new(kind).await;
            let (timeline, held) = (ward.says(TIMELINE), ward.says(HELD));
            ward.breaks(&format!(
                "{beside} UPDATE calls SET id = upper(id), spoken_version = version WHERE phase <> 'ended'"
            ));
            assert_ne!(ward.says(TIMELINE), timeline);
            let look = ward.looks();
            let found = |it: &Said| it.found.contains("id is written");
            assert!(look.found.iter().any(found), "{}", look.text);
            let repair = ward.repairs();
            let done: Vec<_> = repair
                .found
                .iter()
                .map(|it| (&*it.rule, &*it.verdict))
                .collect();
            assert_eq!(done, [("unreadable-call", "mended")], "{}", repair.text);
            ward.repairs().finds_nothing();
            assert_eq!((ward.says(TIMELINE), ward.says(HELD)), (timeline, held));
            town::goes_on(&ward.serve().await).await;
        }
    }
}
