//! What extractors ask of a request.

use std::{future::Ready, marker::PhantomData};

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    error::QueryPayloadError,
    web::{Data, Json, Path, Query, ReqData},
};
use futures_core::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use super::{operation::Operation, schemas::Schemas};
use crate::protocol::error_code::ErrorCode;

/// An extractor that describes what it asks of a request.
pub trait Takes {
    /// Adds parameters, the body, and the errors that come from their being wrong.
    fn describe(operation: &mut Operation, schemas: &mut Schemas);
}

/// What the app gave the handler: nothing that who sends a request must know of.
impl<T> Takes for Data<T> {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

/// What was found out about the request before: its part in the contract is the area's [`Access`](super::Access).
impl<T: Clone + 'static> Takes for ReqData<T> {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

/// The request itself, for what is not part of the contract.
impl Takes for HttpRequest {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

impl<T: JsonSchema> Takes for Path<T> {
    /// A text that can be no id is the id of nothing: 404.
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.variables(schemas.variables::<T>());
        operation.refuse([ErrorCode::NotFound]);
    }
}

impl<T: JsonSchema> Takes for Query<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        for (name, required, schema) in schemas.fields::<T>() {
            operation.query(&name, required, schema);
        }
        operation.refuse([ErrorCode::BadRequest]);
    }
}

impl<T: JsonSchema> Takes for Json<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        operation.body(schemas.incoming::<T>());
        operation.refuse([ErrorCode::BadRequest, ErrorCode::MessageTooLarge]);
    }
}

/// A query that its handler reads when it comes to it, to say in its own way what is wrong with it.
pub struct RawQuery<T>(String, PhantomData<T>);

impl<T: DeserializeOwned> RawQuery<T> {
    /// What the query says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self) -> Result<T, QueryPayloadError> {
        Query::from_query(&self.0).map(Query::into_inner)
    }
}

impl<T> FromRequest for RawQuery<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string().to_owned();
        std::future::ready(Ok(Self(query, PhantomData)))
    }
}

impl<T: JsonSchema> Takes for RawQuery<T> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        <Query<T> as Takes>::describe(operation, schemas);
    }
}

/// A JSON body that its handler reads part by part, to say more of what is wrong with it than serde can: `T` only describes it.
/// Here alone the description could differ from what is read, so tests hold whatever was accepted against it. `E` takes the
/// body from the request as it comes.
pub struct RawJson<T, E>(pub E, PhantomData<T>);

impl<T: 'static, E: FromRequest + 'static> FromRequest for RawJson<T, E> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let taken = E::from_request(request, payload);
        Box::pin(async move {
            let taken = taken.await.map_err(Into::into)?;
            Ok(Self(taken, PhantomData))
        })
    }
}

impl<T: JsonSchema, E> Takes for RawJson<T, E> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        <Json<T> as Takes>::describe(operation, schemas);
    }
}

/// For handlers with several extractors.
macro_rules! takes_all {
    ($($part:ident)*) => {
        impl<$($part: Takes),*> Takes for ($($part,)*) {
            #[allow(unused_variables, reason = "for the handler that takes nothing")]
            fn describe(operation: &mut Operation, schemas: &mut Schemas) {
                $($part::describe(operation, schemas);)*
            }
        }
    };
}

takes_all! {}
takes_all! { A }
takes_all! { A B }
takes_all! { A B C }
takes_all! { A B C D }
takes_all! { A B C D E }
takes_all! { A B C D E F }
