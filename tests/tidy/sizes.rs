//! How long things may be: a file is read in one sitting, a function on one screen.

use crate::{
    assert_tidy,
    source::{Source, Token, closing, product, sources, tokens},
};

/// Lines of a file. Tests and what is generated may be longer.
const FILE_MAX: usize = 400;

/// Lines of a function, from its `fn` to its last brace.
const FUNCTION_MAX: usize = 70;

fn long_file(file: &Source) -> Option<String> {
    let excepted = file.is_test() || file.path.ends_with("/schema.rs");
    let lines = file.text.lines().count();
    (!excepted && lines > FILE_MAX)
        .then(|| format!("{}: {lines} lines; at most {FILE_MAX}", file.path))
}

fn long_functions(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.code);
    let mut faults = Vec::new();
    for (at, (line, token)) in tokens.iter().enumerate() {
        if *token != "fn" {
            continue;
        }
        let Some(body) = body_of(&tokens, at) else {
            continue;
        };
        let lines = tokens[closing(&tokens, body)].0 - line + 1;
        if lines > FUNCTION_MAX {
            let name = tokens[at + 1].1;
            faults.push(format!(
                "{}:{line}: {name} has {lines} lines; at most {FUNCTION_MAX}",
                file.path
            ));
        }
    }
    faults
}

/// Where the braces of the function at `at` open; none if it is a declaration, or the type of one.
fn body_of(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut next = at + 1;
    if tokens.get(next)?.1 == "(" {
        return None;
    }
    loop {
        match tokens.get(next)?.1 {
            "{" => return Some(next),
            ";" => return None,
            "(" | "[" => next = closing(tokens, next) + 1,
            _ => next += 1,
        }
    }
}

#[test]
fn files_are_short() {
    assert_tidy(product().filter_map(long_file).collect());
    let long = "\n".repeat(FILE_MAX + 1);
    assert!(long_file(&Source::new("src/a.rs", &long)).is_some());
    assert!(long_file(&Source::new("src/a.rs", &long[1..])).is_none());
    let schema = Source::new("src/store/sql/schema.rs", &long);
    assert!(long_file(&schema).is_none());
}

#[test]
fn functions_are_short() {
    assert_tidy(sources().iter().flat_map(long_functions).collect());
    let body = "    a();\n".repeat(FUNCTION_MAX - 2);
    for head in [
        "fn long()",
        "pub async fn long<T: A, U>(t: [u8; 3]) -> Result<T, U>\nwhere\n    T: B<C = D>,\n",
    ] {
        let fits = Source::new("src/a.rs", &format!("fn long() {{\n{body}}}\n"));
        assert_tidy(long_functions(&fits));
        let long = Source::new("src/a.rs", &format!("{head} {{\n{body}    a();\n}}\n"));
        assert_eq!(long_functions(&long).len(), 1, "{head}");
    }
    let declared = Source::new(
        "src/a.rs",
        &format!("trait T {{\n    fn f();\n{body}{body}}}\n"),
    );
    assert_tidy(long_functions(&declared));
    let type_only = Source::new(
        "src/a.rs",
        &format!("struct S {{\n    f: fn(u8),\n{body}{body}}}\n"),
    );
    assert_tidy(long_functions(&type_only));
}
