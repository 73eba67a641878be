use super::*;

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
