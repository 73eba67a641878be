//! Who may do what: every endpoint for everybody.

use otomo::kernel::identity::Role;
use reqwest::Method;
use uuid::Uuid;

use crate::{
    api::{Api, WITH_KEY, send},
    support::TestServer,
};

/// Method, path, body or `-`, and the status for: nobody, a user, an otomo (hana herself), a token of the role `service`, an
/// API key, an admin. `{id}` is an id of nothing. The node is drained by the last.
const TABLE: &str = r#"
GET  /                                  -                                    200 200 200 200 200 200
GET  /demo/app.js                       -                                    200 200 200 200 200 200
GET  /health/live                       -                                    200 200 200 200 200 200
GET  /health/ready                      -                                    200 200 200 200 200 200
GET  /metrics                           -                                    200 200 200 200 200 200
GET  /dev/people                        -                                    404 404 404 404 404 404
POST /dev/token                         {"userId":"x","role":"admin"}        404 404 404 404 404 404
GET  /nothing                           -                                    404 404 404 404 404 404

GET  /api/me                            -                                    401 200 200 403 403 200
GET  /api/otomo                         -                                    401 200 200 403 403 200
GET  /api/otomo/hana                    -                                    401 200 200 403 403 200
GET  /api/otomo/{id}                    -                                    401 404 404 403 403 404
PUT  /api/otomo/status                  {"status":"online"}                  401 403 200 403 403 400
PUT  /api/otomo/status                  {"status":"online","userId":"hana"}  401 403 200 403 403 200
PUT  /api/otomo/status                  {"status":"online","userId":"ume"}   401 403 403 403 403 404
GET  /api/calls                         -                                    401 200 200 403 403 200
GET  /api/calls/{id}                    -                                    401 404 404 403 403 404
GET  /api/calls/{id}/ring               -                                    401 404 404 403 403 404
GET  /api/ice-servers                   -                                    401 200 200 403 403 200
GET  /api/inbox                         -                                    401 200 200 403 403 200
POST /api/logout?device=none             -                                   401 200 200 403 403 200
GET  /api/points                        -                                    401 200 200 403 403 200
GET  /api/points/transactions           -                                    401 200 200 403 403 200
GET  /api/nothing                       -                                    401 404 404 403 403 404

PUT  /api/server/users/ken              {"role":"user","name":"Ken"}         401 403 403 201 200 403
POST /api/server/users/ken/disconnect   -                                    401 403 403 200 200 403
POST /api/server/calls/{id}/media       {"alive":true}                       401 403 403 404 404 403
PUT  /api/server/rooms/r/members/ken    {}                                   401 403 403 201 200 403
GET  /api/server/rooms/r                -                                    401 403 403 200 200 403
DELETE /api/server/rooms/r/members/ken  -                                    401 403 403 204 204 403
POST /api/server/events                 {"target":{"user":"ken"},"type":"x"} 401 403 403 200 200 403
POST /api/server/points/ken/grant       {"amount":1}                         401 403 403 400 400 403
POST /api/server/points/ken/consume     {"amount":1}                         401 403 403 400 400 403
GET  /api/server/nothing                -                                    401 403 403 404 404 403

GET  /admin/api/overview                -                                    401 403 403 403 403 200
GET  /admin/api/otomo                   -                                    401 403 403 403 403 200
GET  /admin/api/otomo/hana/why          -                                    401 403 403 403 403 200
GET  /admin/api/otomo/{id}/why          -                                    401 403 403 403 403 404
POST /admin/api/otomo/hana/status       {"status":"online"}                  401 403 403 403 403 200
POST /admin/api/otomo/hana/free         -                                    401 403 403 403 403 200
GET  /admin/api/calls                   -                                    401 403 403 403 403 200
GET  /admin/api/calls?live=true         -                                    401 403 403 403 403 200
GET  /admin/api/calls/{id}/timeline     -                                    401 403 403 403 403 404
POST /admin/api/calls/{id}/end          -                                    401 403 403 403 403 404
GET  /admin/api/sessions                -                                    401 403 403 403 403 200
POST /admin/api/sessions/{id}/disconnect -                                   401 403 403 403 403 404
GET  /admin/api/slow                    -                                    401 403 403 403 403 200
POST /admin/api/users/hana/inbox/resend {"after":0}                          401 403 403 403 403 200
POST /admin/api/users/{id}/inbox/resend {"after":0}                          401 403 403 403 403 404
GET  /admin/api/drain                   -                                    401 403 403 403 403 200
GET  /admin/api/audit                   -                                    401 403 403 403 403 200
GET  /admin/api/nothing                 -                                    401 403 403 403 403 404
POST /admin/api/drain                   -                                    401 403 403 403 403 202
"#;

#[tokio::test]
async fn everybody_gets_what_their_role_may_do_and_nothing_else() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let _hana = server.otomo("hana").await;
    let everybody = [
        ("nobody", Api::stranger(&server)),
        ("user", Api::of(&server, "taro", Role::User)),
        ("otomo", Api::of(&server, "hana", Role::Otomo)),
        ("service", Api::of(&server, "backend", Role::Service)),
        ("key", Api::backend(&server)),
        ("admin", Api::of(&server, "root", Role::Admin)),
    ];
    let mut faults = Vec::new();
    for row in TABLE.lines().filter(|line| !line.is_empty()) {
        let mut words = row.split_whitespace();
        let [method, path, body] = [(); 3].map(|()| words.next().expect("a whole row"));
        let path = path.replace("{id}", &Uuid::new_v4().to_string());
        for (who, api) in &everybody {
            let expected: u16 = words.next().expect("a status for each").parse().unwrap();
            let mut request = api.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
            if body != "-" {
                request = request
                    .header("content-type", "application/json")
                    .body(body);
            }
            let reply = send(request).await;
            if reply.status != expected {
                faults.push(format!("{method} {path} {body} by {who}: {reply:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn a_bad_credential_is_no_credential() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let expired = server.token_for("taro", Role::User, std::time::Duration::ZERO);
    let reply = Api::with_token(&server, &expired).get("/api/me").await;
    assert_eq!(
        reply.header("www-authenticate"),
        r#"Bearer error="invalid_token""#
    );
    reply.refused(401, "TOKEN_EXPIRED");
    let forged = Api::with_token(&server, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.");
    let reply = forged.get("/api/me").await;
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    reply.refused(401, "UNAUTHORIZED");
    let key = Api::with_key(&server, "another key");
    key.post("/api/server/users/ken/disconnect", serde_json::json!({}))
        .await
        .refused(401, "UNAUTHORIZED");
    // Not in a query, where logs would keep it.
    let token = server.token("taro", Role::User);
    let reply = Api::stranger(&server)
        .get(&format!("/api/me?token={token}"))
        .await;
    reply.refused(401, "UNAUTHORIZED");
}
