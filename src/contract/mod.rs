//! HTTP endpoints that describe themselves: one builder makes both the route that is served and its operation in the OpenAPI
//! document (3.1), so neither can be without the other. (Of a body that a handler reads part by part,
//! [`RawJson`](takes::RawJson), the form is said beside it.)
//!
//! ```text
//!   get("/calls/{id}", "getCall", calls::show, "A call of yours")
//!        handler: async fn(Data<Shared>, ReqData<Person>, Path<CallId>) -> Answer<CallView>
//!                                                         |                       |
//!                                            takes: a parameter, 404     gives: 200, its schema
//! ```
//! - [`takes`]: what an extractor asks of a request. [`gives`]: what a return type may answer. A handler with an extractor or
//!   an answer that does not describe itself does not compile.
//! - [`parameter`]: reads parameters of a query that are not strings.
//! - [`endpoint`]: the builder. It is told what types cannot say: names, words for people, which errors may come.
//! - [`area`]: endpoints under one path, with one rule of who may come in.
//! - [`document`]: areas as one OpenAPI document. `refusals`: its errors. `schemas`: its types. [`typescript`]: the same for those
//!   who ask in TypeScript.
//!
//! A handler is described only when the document is asked for; what serves costs nothing for it.

pub mod area;
pub mod document;
pub mod endpoint;
pub mod gives;
mod operation;
pub mod parameter;
mod refusals;
mod schemas;
pub mod takes;
pub mod typescript;

pub use self::{
    area::{Access, Area, Tag},
    endpoint::{Endpoint, delete, get, post, put, reading, stream},
    gives::{Accepted, NoContent, Stored},
    refusals::ErrorBody,
};

#[cfg(test)]
mod tests;
