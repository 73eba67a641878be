use serde_json::json;

use super::*;

#[test]
fn every_schema_compiles_and_is_of_an_event_of_ours() {
    for known in KNOWN {
        assert!(VALIDATORS.contains_key(known.name), "{}", known.name);
        assert!(Event::known_spec(known.name).is_some(), "{}", known.name);
    }
}

#[test]
fn what_is_filled_in_is_a_field_of_the_type_and_of_its_form() {
    let (now, id) = (Timestamp::from_millis(1_706_605_100_250), EventId::new());
    let mut data = Map::new();
    find("notification").unwrap().fill_in(&mut data, now, id);
    assert_eq!(
        Value::Object(data),
        json!({"id": id, "timestamp": 1_706_605_100, "data": {}})
    );
    for known in KNOWN {
        let schema = known.schema();
        let mut data = Map::new();
        known.fill_in(&mut data, now, id);
        for (field, value) in data {
            let schema = &schema["properties"][&field];
            assert!(
                jsonschema::is_valid(schema, &value),
                "{} {field}",
                known.name
            );
        }
    }
}

#[test]
fn what_both_directions_share_is_the_same_in_both() {
    let (commands, events) = (messages::commands(), messages::events());
    let mut both = 0;
    for (name, read) in commands.shared {
        if let Some(sent) = events.shared.get(&name) {
            let mut read = read;
            optional::omit_instead_of_null(&mut read);
            assert_eq!(&read, sent, "{name}");
            both += 1;
        }
    }
    assert!(both > 5, "{both}");
}

#[test]
fn no_two_types_of_typescript_share_a_name() {
    let document = typescript::document();
    let declared = document.lines().filter_map(|line| {
        let declared = line.strip_prefix("export interface ");
        declared.or_else(|| line.strip_prefix("export type "))
    });
    let names = declared.map(|it| it.split([' ', '=']).next().unwrap());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
    assert!(names.len() > 120, "{}", names.len());
}
