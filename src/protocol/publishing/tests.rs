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
