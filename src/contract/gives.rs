//! What handlers answer with.

use std::marker::PhantomData;

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::StatusCode, web::Json};
use schemars::JsonSchema;
use serde::Serialize;

pub use super::{operation::Operation, schemas::Schemas};

/// The type of JSON.
pub(super) const JSON: &str = "application/json";

/// An answer that describes itself.
pub trait Gives {
    /// Adds the answers of requests that were done.
    fn describe(operation: &mut Operation, schemas: &mut Schemas);
}

/// What a handler is refused with has its description from [`Endpoint::refuses`](super::Endpoint::refuses).
impl<T: Gives, E> Gives for Result<T, E> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        T::describe(operation, schemas);
    }
}

impl<T: JsonSchema> Gives for Json<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.answer(200, "Done.", JSON, schemas.outgoing::<T>());
    }
}

/// The one or the other.
impl<A: Gives, B: Gives> Gives for (A, B) {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        A::describe(operation, schemas);
        B::describe(operation, schemas);
    }
}

/// A response that its handler has put together, refusals and all. `T` describes it.
pub struct Raw<T>(HttpResponse, PhantomData<T>);

impl<T> From<HttpResponse> for Raw<T> {
    fn from(response: HttpResponse) -> Self {
        Self(response, PhantomData)
    }
}

impl<T> Responder for Raw<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl<T: Gives> Gives for Raw<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        T::describe(operation, schemas);
    }
}

/// Done, and there is nothing to say about it: 204.
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Gives for NoContent {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.answer_nothing(204, "Done.");
    }
}

/// What was set, and whether it is new.
pub enum Stored<T> {
    /// It was not there before: 201.
    New(T),
    /// It was there: 200.
    Kept(T),
}

impl<T: Serialize> Responder for Stored<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::New(it) => HttpResponse::Created().json(it),
            Self::Kept(it) => HttpResponse::Ok().json(it),
        }
    }
}

impl<T: JsonSchema> Gives for Stored<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        let schema = schemas.outgoing::<T>();
        operation.answer(
            200,
            "It was there, and is now as it was sent.",
            JSON,
            schema.clone(),
        );
        operation.answer(201, "It was not there before.", JSON, schema);
    }
}

/// Begun, but not done yet: 202.
pub struct Accepted<T>(pub T);

impl<T: Serialize> Responder for Accepted<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(StatusCode::ACCEPTED).json(self.0)
    }
}

impl<T: JsonSchema> Gives for Accepted<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.answer(202, "It has begun.", JSON, schemas.outgoing::<T>());
    }
}
