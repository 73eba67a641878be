//! The statuses of otomo, on connections that asked for their versions (`?v=1`).

use std::collections::BTreeMap;

use super::super::{Breach, History};

/// On each connection the version of an otomo's status rises with every update, and the next one is another status. A snapshot
/// that comes in between is as new as what was shown.
pub(super) fn rise(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    for connection in 0..history.connections().len() {
        let mut shown = BTreeMap::new();
        for word in history.heard_on(connection) {
            let (entries, snapshot, version) = match word.kind() {
                "otomo_status_snapshot" => (
                    word.json["otomos"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .collect(),
                    true,
                    "version",
                ),
                "otomo_status_update" => (vec![word.json], false, "v"),
                _ => continue,
            };
            for entry in entries {
                let (otomo, status) = (
                    entry["userId"].as_str().unwrap_or_default(),
                    &entry["status"],
                );
                let Some(version) = entry[version].as_u64() else {
                    continue;
                };
                let before = shown.insert(otomo, (version, status, word.place));
                let Some((known, known_status, place)) = before else {
                    continue;
                };
                let older = version < known || (version == known && !snapshot);
                let repeats = version == known + 1 && status == known_status;
                if older || repeats {
                    let what = format!(
                        "{} was shown {otomo} {status} {version} after {known_status} {known}",
                        word.user()
                    );
                    broken.push(Breach::at(what, [place, word.place]));
                }
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    #[test]
    fn a_version_rises_with_each_update() {
        let shown = r#"
            1 #0 taro/phone opens after 0
            2 #0 taro/phone hears {"type":"otomo_status_snapshot","otomos":[{"userId":"hana","status":"online","version":3}]}
            3 #0 taro/phone hears {"type":"otomo_status_update","userId":"hana","status":"busy","v":4}
            4 #0 taro/phone hears {"type":"otomo_status_update","userId":"hana","status":"online","v":7}
        "#;
        keeps(rise, shown);
        let old = r#"taro was shown hana "online" 2 after "busy" 4"#;
        breaks(rise, old, &shown.replace(r#""v":7"#, r#""v":2"#));
        let again = r#"taro was shown hana "online" 4 after "busy" 4"#;
        breaks(rise, again, &shown.replace(r#""v":7"#, r#""v":4"#));
        let same = r#"taro was shown hana "busy" 5 after "busy" 4"#;
        breaks(
            rise,
            same,
            &shown.replace(r#""status":"online","v":7"#, r#""status":"busy","v":5"#),
        );
    }
}
