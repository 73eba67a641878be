//! Credentials that are none. Who may do what with a good one is in the tables of `tests/intruders/roles`.

use std::time::Duration;

use otomo::kernel::identity::Role;

use crate::{
    api::{Api, WITH_KEY},
    support::TestServer,
};

#[tokio::test]
async fn a_bad_credential_is_no_credential() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let expired = server.token_for("taro", Role::User, Duration::ZERO);
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
