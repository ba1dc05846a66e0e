//! Parameters that no route has are refused: one that was mistyped must not be passed over, for a filter would tell of more than was
//! asked for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use metrify_application::{Error, Kind};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use crate::Problem;

/// The parameters of each route, by its method and path, as its description has them.
#[derive(Clone)]
pub(crate) struct Described(Arc<HashMap<(&'static str, String), HashSet<String>>>);

impl Described {
    pub(crate) fn of(description: &OpenApi) -> Self {
        let mut routes = HashMap::new();
        for (path, item) in &description.paths.paths {
            let methods = [
                ("GET", &item.get),
                // Whatever is asked by GET is asked by HEAD, too.
                ("HEAD", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("DELETE", &item.delete),
                ("PATCH", &item.patch),
            ];
            for (method, operation) in methods {
                if let Some(operation) = operation {
                    routes.insert((method, path.clone()), parameters(operation));
                }
            }
        }
        Self(Arc::new(routes))
    }
}

fn parameters(operation: &Operation) -> HashSet<String> {
    let all = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        // None of ours stands elsewhere.
        RefOr::Ref(_) => None,
    });
    let of_query = all.filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query));
    of_query.map(|parameter| parameter.name.clone()).collect()
}

pub(crate) async fn known_parameters(
    State(Described(routes)): State<Described>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let named = routes.iter().find(|((method, of), _)| *method == request.method().as_str() && *of == path);
    if let (Some((_, known)), Some(query)) = (named, request.uri().query()) {
        let mut given = url::form_urlencoded::parse(query.as_bytes());
        if let Some((unknown, _)) = given.find(|(name, _)| !known.contains(name.as_ref())) {
            let error = Error::new(Kind::Invalid, format!("read the parameters: there is no `{unknown}`"));
            let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
            names.sort_unstable();
            let names =
                if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) };
            return Err(error.hint(names).into());
        }
    }
    Ok(next.run(request).await)
}
