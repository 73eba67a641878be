//! Every endpoint for everybody.

use std::collections::{BTreeMap, BTreeSet};

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Row, WHO, assert_as_written, assert_whole};
use crate::{
    api::{Api, Reply, WITH_KEY, send},
    support::{Client, Json, TestServer, field},
};

/// The endpoints of the OpenAPI document. `{id=call}` is the parameter `id` with taro's call in it, `{id=saburo}` with that word.
/// What changes something for a later row comes late; the node is drained by the last.
const ENDPOINTS: &str = r#"
GET  /health/live                                -                             200 200 200 200 200 200 200
GET  /health/ready                               -                             200 200 200 200 200 200 200
GET  /metrics                                    -                             200 200 200 200 200 200 200

GET  /sse                                        -                             401 200 200 200 200 401 200
GET  /api/chat/sse                               -                             401 200 200 200 200 401 200
POST /api/commands?session=@session              {"type":"heartbeat"}          401 200 404 404 404 401 404

GET  /api/me                                     -                             401 200 200 200 403 403 200
GET  /api/otomo                                  -                             401 200 200 200 403 403 200
GET  /api/otomo/{id=hana}                        -                             401 200 200 200 403 403 200
PUT  /api/otomo/status                           {"status":"online"}           401 403 403 200 403 403 400
PUT  /api/otomo/status       {"status":"online","userId":"hana"}               401 403 403 200 403 403 200
PUT  /api/otomo/status       {"status":"online","userId":"ume"}                401 403 403 403 403 403 404
GET  /api/calls                                  -                             401 200 200 200 403 403 200
GET  /api/calls/{id=@call}                       -                             401 200 404 200 403 403 404
GET  /api/calls/{id=@call}/ring                  -                             401 409 404 200 403 403 404
GET  /api/ice-servers                            -                             401 200 200 200 403 403 200
GET  /api/inbox                                  -                             401 200 200 200 403 403 200
GET  /api/points                                 -                             401 200 200 200 403 403 200
GET  /api/points/transactions                    -                             401 200 200 200 403 403 200
GET  /api/users/{id=taro}/status                 -                             401 200 404 200 403 403 404
POST /api/logout?device=none                     -                             401 200 200 200 403 403 200

GET  /api/conversations                          -                             401 200 200 200 403 403 200
POST /api/conversations      {"kind":"direct","userId":"saburo"}               401 200 200 200 403 403 200
GET  /api/conversations/{id=@direct}             -                             401 200 404 200 403 403 404
GET  /api/conversations/{id=@direct}/messages    -                             401 200 404 200 403 403 404
POST /api/conversations/{id=@direct}/messages    {"clientMessageId":"m-2","body":"x"}  401 200 404 200 403 403 404
POST /api/conversations/{id=@direct}/read        {"messageSeq":1}              401 200 404 200 403 403 404
POST /api/conversations/{id=@direct}/typing      {"typing":true}               401 204 404 204 403 403 404
PUT  /api/conversations/{id=@group}/members/{user=saburo}     -                401 200 404 200 403 403 404
DELETE /api/conversations/{id=@group}/members/{user=saburo}   -                401 204 404 403 403 403 404

GET  /api/friends                                -                             401 200 200 200 403 403 200
GET  /api/friends/online-status                  -                             401 200 200 200 403 403 200
PUT  /api/friends/{id=saburo}                    -                             401 200 200 200 403 403 200
DELETE /api/friends/{id=saburo}                  -                             401 204 204 204 403 403 204

PUT  /api/server/users/{id=saburo}               {"role":"user","name":"三郎"}  401 403 403 403 200 200 403
POST /api/server/users/{id=saburo}/disconnect    -                             401 403 403 403 200 200 403
POST /api/server/calls/{id=@call}/media          {"alive":true}                401 403 403 403 409 409 403
PUT  /api/server/rooms/{room=r}/members/{user=saburo}      {}                  401 403 403 403 201 200 403
GET  /api/server/rooms/{room=r}                  -                             401 403 403 403 200 200 403
DELETE /api/server/rooms/{room=r}/members/{user=saburo}    -                   401 403 403 403 204 204 403
POST /api/server/events      {"target":{"user":"saburo"},"type":"x"}           401 403 403 403 200 200 403
POST /api/server/points/{user=saburo}/grant      {"amount":2,"transaction_type":"gift"}  401 403 403 403 200 200 403
POST /api/server/points/{user=saburo}/consume    {"amount":1,"transaction_type":"gift"}  401 403 403 403 200 200 403

GET  /admin/api/overview                         -                             401 403 403 403 403 403 200
GET  /admin/api/otomo                            -                             401 403 403 403 403 403 200
GET  /admin/api/otomo/{id=hana}/why              -                             401 403 403 403 403 403 200
POST /admin/api/otomo/{id=hana}/status           {"status":"online"}           401 403 403 403 403 403 200
GET  /admin/api/calls                            -                             401 403 403 403 403 403 200
GET  /admin/api/calls/{id=@call}/timeline        -                             401 403 403 403 403 403 200
GET  /admin/api/sessions                         -                             401 403 403 403 403 403 200
GET  /admin/api/slow                             -                             401 403 403 403 403 403 200
GET  /admin/api/nodes                            -                             401 403 403 403 403 403 200
GET  /admin/api/audit                            -                             401 403 403 403 403 403 200
GET  /admin/api/drain                            -                             401 403 403 403 403 403 200
POST /admin/api/users/{id=taro}/inbox/resend     {"after":0}                   401 403 403 403 403 403 200
POST /admin/api/calls/{id=@call}/end             -                             401 403 403 403 403 403 200
POST /admin/api/otomo/{id=hana}/free             -                             401 403 403 403 403 403 200
POST /admin/api/users/{id=saburo}/disconnect     -                             401 403 403 403 403 403 200
POST /admin/api/sessions/{id=@session}/disconnect -                            401 403 403 403 403 403 200
POST /admin/api/drain                            -                             401 403 403 403 403 403 202
"#;

/// What is served and is in no document, what is not served, and what is asked about nothing (`@nothing`).
const ELSEWHERE: &str = r#"
GET  /                                           -                             200 200 200 200 200 200 200
GET  /demo/app.js                                -                             200 200 200 200 200 200 200
GET  /openapi.json                               -                             200 200 200 200 200 200 200
GET  /dev/people                                 -                             404 404 404 404 404 404 404
POST /dev/token                                  {"userId":"x","role":"admin"} 404 404 404 404 404 404 404
POST /cluster/commands?user=taro                 {"type":"heartbeat"}          404 404 404 404 404 404 404
GET  /nothing                                    -                             404 404 404 404 404 404 404
GET  /api/nothing                                -                             401 404 404 404 403 403 404
GET  /api/server/nothing                         -                             401 403 403 403 404 404 403
GET  /admin/api/nothing                          -                             401 403 403 403 403 403 404
GET  /api/otomo/@nothing                         -                             401 404 404 404 403 403 404
GET  /api/calls/@nothing                         -                             401 404 404 404 403 403 404
GET  /api/calls/@nothing/ring                    -                             401 404 404 404 403 403 404
POST /api/server/calls/@nothing/media            {"alive":true}                401 403 403 403 404 404 403
GET  /admin/api/otomo/@nothing/why               -                             401 403 403 403 403 403 404
GET  /admin/api/calls/@nothing/timeline          -                             401 403 403 403 403 403 404
POST /admin/api/calls/@nothing/end               -                             401 403 403 403 403 403 404
POST /admin/api/sessions/@nothing/disconnect     -                             401 403 403 403 403 403 404
POST /admin/api/users/@nothing/disconnect        -                             401 403 403 403 403 403 404
POST /admin/api/users/@nothing/inbox/resend      {"after":0}                   401 403 403 403 403 403 404
"#;

/// A server on which taro calls hana, has written to her, and is in a group with her.
struct World {
    server: TestServer,
    /// The ids of what is taro's.
    things: BTreeMap<&'static str, String>,
    _people: [Client; 2],
}

impl World {
    async fn new() -> Self {
        let settings = [WITH_KEY, ("calls.ring_timeout", "180s")];
        let server = TestServer::start_with(&settings).await;
        let mut taro = server.connecting("taro", Role::User).open().await;
        let session = field(&taro.expect("connected").await, "sessionId").to_owned();
        taro.expect("ready").await;
        let mut hana = server.otomo("hana").await;
        let saburo = Api::of(&server, "saburo", Role::User);
        saburo.get("/api/me").await.ok();
        let call = taro.request("hana").await;
        hana.rings(call).await;
        let api = Api::of(&server, "taro", Role::User);
        let begin = async |wanted: Json| {
            let begun = api.post("/api/conversations", wanted).await.ok();
            field(&begun, "conversationId").to_owned()
        };
        let direct = begin(json!({"kind": "direct", "userId": "hana"})).await;
        let group = begin(json!({"kind": "group", "members": ["hana"]})).await;
        let message = json!({"clientMessageId": "m-1", "body": "やあ"});
        let path = format!("/api/conversations/{direct}/messages");
        api.post(&path, message).await.ok();
        let call = call.to_string();
        Self {
            server,
            things: BTreeMap::from([
                ("session", session),
                ("call", call),
                ("direct", direct),
                ("group", group),
                ("nothing", Uuid::new_v4().to_string()),
            ]),
            _people: [taro, hana],
        }
    }

    /// Those of the columns, in their order.
    fn everybody(&self) -> [(&'static str, Api); WHO.len()] {
        let server = &self.server;
        let apis = [
            Api::stranger(server),
            Api::of(server, "taro", Role::User),
            Api::of(server, "jiro", Role::User),
            Api::of(server, "hana", Role::Otomo),
            Api::of(server, "backend", Role::Service),
            Api::backend(server),
            Api::of(server, "root", Role::Admin),
        ];
        let mut named = WHO.into_iter();
        apis.map(|api| (named.next().expect("a name for each"), api))
    }

    /// A path of a table as it is asked for.
    fn concrete(&self, path: &str) -> String {
        let mut asked = String::new();
        for (at, part) in path.split(['{', '}']).enumerate() {
            let value = match at % 2 {
                0 => part,
                _ => part.split_once('=').expect("a parameter with its value").1,
            };
            asked += value;
        }
        for (name, id) in &self.things {
            asked = asked.replace(&format!("@{name}"), id);
        }
        asked
    }

    /// Goes through a table, row by row.
    async fn visit(&self, table: &'static str) -> Vec<String> {
        let everybody = self.everybody();
        let mut faults = Vec::new();
        for row in Row::all(table, 3) {
            let [method, path, body] = row.words[..] else {
                panic!("three words")
            };
            for ((who, api), expected) in everybody.iter().zip(row.expected) {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                if method == Method::GET && !path.ends_with("/sse") {
                    let headed = send(api.request(Method::HEAD, &self.concrete(path))).await;
                    if headed.status != expected {
                        faults.push(format!("HEAD {path} by {who}: {}", headed.status));
                    }
                }
                // Orders of points need one; for the others it does no harm.
                let key = Uuid::new_v4().to_string();
                let mut request = api
                    .request(method, &self.concrete(path))
                    .header("idempotency-key", key);
                if body != "-" {
                    let typed = request.header("content-type", "application/json");
                    request = typed.body(body);
                }
                let (status, said) = answered(request).await;
                if status != expected {
                    let row = row.words.join(" ");
                    faults.push(format!("{row} by {who}: {status}, not {expected}: {said}"));
                }
            }
        }
        faults
    }
}

/// The status, and the body unless it has no end.
async fn answered(request: reqwest::RequestBuilder) -> (u16, String) {
    let stream = request
        .try_clone()
        .and_then(|it| it.build().ok())
        .is_some_and(|it| it.url().path().ends_with("/sse"));
    if !stream {
        let Reply { status, text, .. } = send(request).await;
        return (status, text);
    }
    let opened = request.send().await.expect("an answer");
    (opened.status().as_u16(), String::new())
}

/// `GET /api/calls/{id}`, of a row about `GET /api/calls/{id=@call}`.
fn operation(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut template = String::new();
    for (at, part) in path.split(['{', '}']).enumerate() {
        match at % 2 {
            0 => template += part,
            _ => template += &format!("{{{}}}", part.split('=').next().unwrap_or_default()),
        }
    }
    format!("{method} {template}")
}

/// Every operation that is documented.
fn documented() -> BTreeSet<String> {
    let document: Json = serde_json::from_str(&otomo::app::openapi()).expect("a document in JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let operations = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").clone();
        let named = move |(method, _): (String, Json)| operation(&method.to_uppercase(), &path);
        methods.into_iter().map(named)
    });
    operations.collect()
}

#[test]
fn every_endpoint_has_a_row() {
    let rows = Row::all(ENDPOINTS, 3);
    let rows: BTreeSet<String> = rows
        .iter()
        .map(|row| operation(row.words[0], row.words[1]))
        .collect();
    assert_whole(&rows, &documented());
}

#[tokio::test]
async fn everybody_gets_what_they_may_have_and_nothing_else() {
    let world = World::new().await;
    let mut faults = world.visit(ELSEWHERE).await;
    faults.extend(world.visit(ENDPOINTS).await);
    assert_as_written(faults);
}

/// Goal: a 404 does not tell what there is.
/// Method: jiro asks for what is taro's and for what is nobody's, wherever the table refuses him so; but for the id the answers
/// are the same.
#[tokio::test]
async fn what_is_somebody_elses_cannot_be_told_from_what_is_not_there() {
    let world = World::new().await;
    let jiro = Api::of(&world.server, "jiro", Role::User);
    let other = WHO
        .iter()
        .position(|who| *who == "other")
        .expect("a column");
    let mut compared = 0;
    for row in Row::all(ENDPOINTS, 3) {
        if row.expected[other] != 404 {
            continue;
        }
        let [method, path, body] = row.words[..] else {
            panic!("three words")
        };
        let asked = async |path: &str| {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let mut request = jiro.request(method, path);
            if body != "-" {
                let typed = request.header("content-type", "application/json");
                request = typed.body(body);
            }
            let reply = send(request).await;
            let lengths = reply.header("content-length").to_owned();
            (reply.status, lengths, reply.text)
        };
        let nothing = Uuid::new_v4().to_string();
        let (theirs, nobodys) = (world.concrete(path), {
            let things = world.things.keys();
            let path = things.fold(path.to_owned(), |path, name| {
                path.replace(&format!("@{name}"), &nothing)
            });
            world.concrete(&path.replace("{id=taro}", "{id=nobo}"))
        });
        let ids = world.things.values().chain([&nothing]);
        let ids: Vec<&str> = ids.map(String::as_str).chain(["taro", "nobo"]).collect();
        let without_ids = |(status, length, text): (u16, String, String)| {
            let text = ids.iter().fold(text, |text, id| text.replace(id, "id"));
            (status, length, text)
        };
        let (theirs, nobodys) = (asked(&theirs).await, asked(&nobodys).await);
        assert_eq!(without_ids(theirs), without_ids(nobodys), "{method} {path}");
        compared += 1;
    }
    assert!(compared >= 10, "{compared} endpoints compared");
}
