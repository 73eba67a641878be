//! One endpoint: what serves it and what describes it.

use actix_web::{FromRequest, Handler, Responder, Route, guard, http::Method, web};
use serde_json::json;

use super::{gives::Gives, operation::Operation, schemas::Schemas, takes::Takes};
use crate::protocol::error_code::ErrorCode;

/// A method of a path, its handler, and what the handler's types cannot say.
pub struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) details: &'static str,
    pub(super) refusals: Vec<ErrorCode>,
    headers: Vec<(&'static str, &'static str)>,
    pub(super) body_max: Option<usize>,
    pub(super) route: Route,
    /// The handler's extractors and its answer.
    describe: fn(&mut Operation, &mut Schemas),
}

/// Declares what begins an endpoint: its function, its method, the route that goes with it.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident $method:ident $route:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name<F, Args>(
            path: &'static str,
            id: &'static str,
            handler: F,
            summary: &'static str,
        ) -> Endpoint
        where
            F: Handler<Args, Output: Responder + Gives + 'static>,
            Args: FromRequest + Takes + 'static,
        {
            Endpoint::new(Method::$method, $route, path, id, handler, summary)
        }
    )*};
}

verbs! {
    /// An endpoint that reads: GET, and HEAD for those who only want to know (RFC 9110, section 9.3.2). `id` is its name in
    /// generated clients, unique among all; `summary` is one line for people.
    get GET reading();
    /// An endpoint whose answer goes on for as long as somebody reads it: GET alone.
    stream GET web::get();
    /// An endpoint that does something each time.
    post POST web::post();
    /// An endpoint that sets something: the same however often it is asked.
    put PUT web::put();
    /// An endpoint that takes something away.
    delete DELETE web::delete();
}

/// The route of what reads, also where it is no endpoint: GET, and HEAD for those who only want to know.
pub fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

impl Endpoint {
    fn new<F, Args>(
        method: Method,
        route: Route,
        path: &'static str,
        id: &'static str,
        handler: F,
        summary: &'static str,
    ) -> Self
    where
        F: Handler<Args, Output: Responder + Gives + 'static>,
        Args: FromRequest + Takes + 'static,
    {
        Self {
            route: route.to(handler),
            method,
            path,
            id,
            summary,
            details: "",
            refusals: Vec::new(),
            headers: Vec::new(),
            body_max: None,
            describe: |operation, schemas| {
                Args::describe(operation, schemas);
                F::Output::describe(operation, schemas);
            },
        }
    }

    /// Says more than the summary, in Markdown.
    #[must_use]
    pub fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }

    /// Says which errors may come, beside those that follow from the handler's types and from who may come in.
    #[must_use]
    pub fn refuses(mut self, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.refusals.extend(codes);
        self
    }

    /// Names a header that may be sent, and says what it does.
    #[must_use]
    pub fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description));
        self
    }

    /// Gives a body that is taken as bytes ([`RawJson`](super::takes::RawJson)) another limit than the 256 KiB that such a
    /// body has, in bytes. One that is taken as `Json<T>` has the limit of the application's `JsonConfig`. Endpoints of one path
    /// have one limit.
    #[must_use]
    pub fn body_max(mut self, bytes: usize) -> Self {
        self.body_max = Some(bytes);
        self
    }

    pub(super) fn operation(&self, schemas: &mut Schemas) -> Operation {
        let mut operation = Operation::default();
        (self.describe)(&mut operation, schemas);
        for (name, description) in &self.headers {
            let schema = json!({"type": "string", "description": description});
            operation.header(name, false, schema);
        }
        operation.refuse(self.refusals.iter().copied());
        operation
    }
}
