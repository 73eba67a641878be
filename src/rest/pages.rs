//! Files that are carried in the binary: the demo page (`/` is its document, `/demo/..` its parts), the admin page
//! (`/admin/`), what both are built with (`/shared/..`, and the client library, `/client/src/..`), and for those who build
//! clients and backends what describes the protocol to programs (`/schemas/..`, `/openapi.json`, `/asyncapi.json`).
//!
//! Browsers keep the files and ask each time whether they are still the same (`ETag`): a new binary is seen at once, and a
//! reload costs a few hundred bytes. A debug build reads the files from the sources instead, so that a change is seen
//! without building.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, CacheControl, CacheDirective, EntityTag, Header as _, IfNoneMatch},
    middleware::Compress,
    web,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::ApiError;
use crate::{contract::reading, protocol::error_code::ErrorCode};

/// The files of `web` that browsers may have. Their paths are those of the sources, so that what a module imports by a
/// relative path is found by browsers, compilers and tests alike.
#[derive(RustEmbed)]
#[folder = "web"]
#[include = "demo/*"]
#[include = "admin/*"]
#[include = "shared/*"]
#[include = "client/src/*"]
#[include = "schemas/*"]
struct Web;

/// The folders of [`Web`], as paths.
const FOLDERS: [&str; 5] = [
    "/demo/{path:.*}",
    "/admin/{path:.*}",
    "/shared/{path:.*}",
    "/client/src/{path:.*}",
    "/schemas/{path:.*}",
];

/// Descriptions that tools look for at the root.
const DESCRIPTIONS: [&str; 2] = ["/openapi.json", "/asyncapi.json"];

/// The document of a page.
const INDEX: &str = "index.html";

/// What a page may load and do: its own files, our API and sockets, its microphone, and pictures of the app's people,
/// which may be anywhere. Nothing is inline, so a name that holds markup can do no harm even if a view forgot to escape it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; media-src 'self' blob:; img-src 'self' data: https:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::resource("/")
                .route(reading().to(demo))
                .wrap(Compress::default()),
        )
        // Without its slash the page would look for its parts elsewhere.
        .service(web::redirect("/admin", "/admin/").permanent())
        .service(
            web::resource("/admin/")
                .route(reading().to(admin))
                .wrap(Compress::default()),
        );
    for path in DESCRIPTIONS {
        routes.service(
            web::resource(path)
                .route(reading().to(description))
                .wrap(Compress::default()),
        );
    }
    for folder in FOLDERS {
        routes.service(
            web::resource(folder)
                .route(reading().to(part))
                .wrap(Compress::default()),
        );
    }
}

async fn demo(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    file(&request, &format!("demo/{INDEX}"))
}

async fn admin(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    file(&request, &format!("admin/{INDEX}"))
}

/// The descriptions of the server at the root.
async fn description(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    file(&request, &format!("schemas{}", request.path()))
}

async fn part(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    file(&request, request.path().trim_start_matches('/'))
}

fn file(request: &HttpRequest, path: &str) -> Result<HttpResponse, ApiError> {
    let Some(file) = Web::get(path) else {
        let message = "there is no page at this path; begin at / or /admin/";
        return Err(ApiError::new(ErrorCode::NotFound, message));
    };
    let tag = tag(&file);
    let mut response = HttpResponse::Ok();
    response
        .insert_header(header::ETag(tag.clone()))
        .insert_header(CacheControl(vec![CacheDirective::NoCache]))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    if is_known(request, &tag) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    Ok(response.content_type(content_type(&file)).body(file.data))
}

/// Weak, because the same file may travel compressed or not.
fn tag(file: &EmbeddedFile) -> EntityTag {
    let hash = file.metadata.sha256_hash();
    EntityTag::new_weak(URL_SAFE_NO_PAD.encode(hash))
}

/// Texts of ours are UTF-8, which their types alone do not say.
fn content_type(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
