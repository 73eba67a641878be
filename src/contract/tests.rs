use actix_web::{
    App, HttpRequest,
    http::Method,
    test::{TestRequest, call_service, init_service},
    web::{Data, Json, Path, Query},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{document::openapi, *};
use crate::protocol::error_code::ErrorCode;

const TEA: Tag = Tag {
    name: "Tea",
    description: "What there is to drink.",
};

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "nobody drinks")]
struct Wish {
    /// How many cups.
    #[schemars(range(min = 1, max = 9))]
    cups: Option<u32>,
    kind: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Cup {
    full: bool,
    hot: bool,
}

type Answer<T> = Result<T, actix_web::Error>;

async fn list(_: Query<Wish>) -> Answer<Json<Vec<Cup>>> {
    let hot = true;
    Ok(Json(vec![Cup { full: true, hot }]))
}

async fn pour(_: Path<(u32, String)>, _: HttpRequest, cup: Json<Cup>) -> Answer<Stored<Cup>> {
    Ok(Stored::New(cup.into_inner()))
}

async fn spill(_: Path<(u32, String)>) -> Answer<NoContent> {
    Ok(NoContent)
}

fn area() -> Area {
    Area::new("/tea", Access::People).with(
        &TEA,
        [
            get("", "listTea", list, "What there is"),
            put("/{table}/cups/{cup}", "pour", pour, "Pour")
                .details("While it is hot.")
                .header("X-Sugar", "Lumps.")
                .refuses([ErrorCode::Conflict, ErrorCode::InvalidCallState]),
            delete("/{table}/cups/{cup}", "spill", spill, "Spill"),
        ],
    )
}

fn document() -> Value {
    openapi(&[area()])
}

#[actix_rt::test]
async fn what_is_described_is_what_is_served() {
    let scope =
        |area: Area| actix_web::web::scope(area.prefix()).configure(|routes| area.serve(routes));
    let app = init_service(App::new().app_data(Data::new(())).service(scope(area()))).await;
    let cup = json!({"full": true, "hot": true});
    let asked = [
        (Method::GET, "/tea?kind=green", 200),
        (Method::HEAD, "/tea?kind=green", 200),
        (Method::GET, "/tea", 400),
        (Method::PUT, "/tea/1/cups/a", 201),
        (Method::DELETE, "/tea/1/cups/a", 204),
        (Method::DELETE, "/tea/x/cups/a", 404),
        (Method::POST, "/tea/1/cups/a", 405),
    ];
    for (method, uri, status) in asked {
        let request = TestRequest::with_uri(uri)
            .method(method.clone())
            .set_json(&cup);
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), status, "{method} {uri}");
        if status == 405 {
            let allow = response.headers().get("allow").unwrap();
            assert_eq!(allow, "PUT, DELETE");
        }
    }
}

#[test]
fn parameters_come_from_extractors() {
    let document = document();
    let list = &document["paths"]["/tea"]["get"];
    let cups = json!({
        "in": "query", "name": "cups", "required": false, "description": "How many cups.",
        "schema": {"type": "integer", "format": "uint32", "minimum": 1, "maximum": 9},
    });
    let kind =
        json!({"in": "query", "name": "kind", "required": true, "schema": {"type": "string"}});
    assert_eq!(list["parameters"], json!([cups, kind]));
    let names = |operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        parameters
            .map(|it| {
                format!(
                    "{} {}",
                    it["in"].as_str().unwrap(),
                    it["name"].as_str().unwrap()
                )
            })
            .collect()
    };
    let pour = &document["paths"]["/tea/{table}/cups/{cup}"]["put"];
    assert_eq!(names(pour), ["path table", "path cup", "header X-Sugar"]);
    assert_eq!(pour["parameters"][0]["schema"]["type"], "integer");
    assert_eq!(pour["description"], "While it is hot.");
}

#[test]
fn bodies_and_answers_come_from_types_as_they_are_read_and_written() {
    #[derive(Serialize, JsonSchema)]
    struct Told {
        full: bool,
    }
    async fn show() -> Answer<Json<Told>> {
        Ok(Json(Told { full: true }))
    }
    async fn fill(_: Json<Wish>) -> Answer<Accepted<Told>> {
        Ok(Accepted(Told { full: true }))
    }
    let area = Area::new("", Access::Anyone).with(
        &TEA,
        [
            get("/cup", "show", show, "Show"),
            post("/cup", "fill", fill, "Fill"),
        ],
    );
    let document = openapi(&[area]);
    let cup = &document["paths"]["/cup"];
    let schema = |of: &Value| of["content"]["application/json"]["schema"]["$ref"].clone();
    assert_eq!(
        schema(&cup["get"]["responses"]["200"]),
        "#/components/schemas/Told"
    );
    assert_eq!(
        schema(&cup["post"]["responses"]["202"]),
        "#/components/schemas/Told"
    );
    assert_eq!(
        schema(&cup["post"]["requestBody"]),
        "#/components/schemas/Wish"
    );
    assert_eq!(cup["post"]["requestBody"]["required"], true);
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Told"]["required"], json!(["full"]));
    assert_eq!(schemas["Wish"]["required"], json!(["kind"]));
}

#[test]
fn errors_follow_from_extractors_from_access_and_from_what_is_said() {
    let document = document();
    let statuses = |path: &str, method: &str| -> Vec<String> {
        let operation = &document["paths"][path][method];
        operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(
        statuses("/tea", "get"),
        ["200", "400", "401", "403", "500", "503"]
    );
    let pour = statuses("/tea/{table}/cups/{cup}", "put");
    let expected = [
        "200", "201", "400", "401", "403", "404", "409", "413", "500", "503",
    ];
    assert_eq!(pour, expected);
    let conflict = &document["paths"]["/tea/{table}/cups/{cup}"]["put"]["responses"]["409"];
    let schema = &conflict["content"]["application/json"]["schema"];
    let codes = &schema["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"];
    assert_eq!(*codes, json!(["CONFLICT", "INVALID_CALL_STATE"]));
}

#[test]
fn each_error_is_told_with_its_status() {
    let spill = delete("/{table}/{cup}", "spill", spill, "Spill");
    let spill = spill.refuses(ErrorCode::ALL.iter().copied());
    let area = Area::new("/tea", Access::Anyone).with(&TEA, [spill]);
    let document = openapi(&[area]);
    let responses = &document["paths"]["/tea/{table}/{cup}"]["delete"]["responses"];
    for code in ErrorCode::ALL {
        let response = &responses[code.http_status().to_string()];
        let alone = format!("#/components/responses/{code}");
        let schema = &response["content"]["application/json"]["schema"];
        let among = &schema["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"];
        let mut among = among.as_array().into_iter().flatten();
        let told = response["$ref"] == alone || among.any(|it| it == code.as_str());
        assert!(told, "{code}: {response}");
    }
}

#[test]
#[should_panic(expected = "bodies for /cup have two limits")]
fn endpoints_of_one_path_have_one_limit_of_the_body() {
    async fn pass(_: Json<Wish>) -> Answer<NoContent> {
        Ok(NoContent)
    }
    let endpoints = [
        post("/cup", "pass", pass, "Pass it on").body_max(1),
        put("/cup", "set", pass, "Set it").body_max(2),
    ];
    let area = Area::new("", Access::Anyone).with(&TEA, endpoints);
    App::new().configure(|routes| area.serve(routes));
}

#[test]
#[should_panic(expected = "the variables of /tea/{table}")]
fn a_path_with_other_variables_than_its_handler_takes_makes_no_document() {
    let area = Area::new("/tea", Access::Anyone);
    openapi(&[area.with(&TEA, [delete("/{table}", "spill", spill, "Spill")])]);
}

#[test]
#[should_panic(expected = "read and written in different forms")]
fn a_type_that_is_read_and_written_in_different_forms_makes_no_document() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Jug {
        #[serde(default)]
        full: bool,
    }
    async fn pass(jug: Json<Jug>) -> Answer<Json<Jug>> {
        Ok(jug)
    }
    let area = Area::new("", Access::Anyone);
    openapi(&[area.with(&TEA, [post("/cup", "pass", pass, "Pass it on")])]);
}

#[test]
#[should_panic(expected = "two operations are called spill")]
fn two_operations_with_one_name_make_no_document() {
    let spill = |path| delete(path, "spill", spill, "Spill");
    let both = [spill("/{table}/{cup}"), spill("/{table}/cups/{cup}")];
    openapi(&[Area::new("", Access::Anyone).with(&TEA, both)]);
}
