//! What a client wants its answer to be (RFC 9110, 12.5.1).

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::ports::ExportFormat;
use metrify_application::{Error, Kind};

use crate::Problem;

/// The types that a series can be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Json,
    Csv,
    Ndjson,
    Parquet,
    Arrow,
}

impl Answered {
    const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Ndjson, Self::Parquet, Self::Arrow];

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.file",
        }
    }

    pub(crate) const fn file(self) -> Option<ExportFormat> {
        match self {
            Self::Json => None,
            Self::Csv => Some(ExportFormat::Csv),
            Self::Ndjson => Some(ExportFormat::Ndjson),
            Self::Parquet => Some(ExportFormat::Parquet),
            Self::Arrow => Some(ExportFormat::Arrow),
        }
    }

    /// The type that is liked best; JSON where nobody says, `None` where it is none of ours.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let said: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if said.is_empty() {
            return Some(Self::Json);
        }
        let ranges: Vec<(&str, f32)> = said.iter().flat_map(|value| value.split(',')).map(range).collect();
        // Of those liked equally, the first of ours: `*/*` is JSON.
        let mut best = None;
        for answered in Self::ALL {
            let liked = liked(answered.content_type(), &ranges);
            if liked > 0.0 && best.is_none_or(|(_, most)| liked > most) {
                best = Some((answered, liked));
            }
        }
        best.map(|(answered, _)| answered)
    }
}

fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
    (name, quality.unwrap_or(0.0))
}

/// The most specific range says how much.
fn liked(content_type: &str, ranges: &[(&str, f32)]) -> f32 {
    let group = content_type.split('/').next().unwrap_or_default();
    let specific = |range: &str| {
        if range.eq_ignore_ascii_case(content_type) {
            3
        } else if range.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(group)) {
            2
        } else {
            u8::from(range == "*/*")
        }
    };
    let matching = ranges.iter().map(|(range, quality)| (specific(range), *quality)).filter(|(how, _)| *how > 0);
    matching.max_by_key(|(how, _)| *how).map_or(0.0, |(_, quality)| quality)
}

/// 406, with what there is.
pub(crate) fn refused() -> Response {
    let error = Error::new(Kind::Invalid, "answer the request: none of the types that it accepts can be written");
    let names = Answered::ALL.map(Answered::content_type).join(", ");
    Problem::with_status(error.hint(format!("there are {names}")), StatusCode::NOT_ACCEPTABLE).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(value: &'static str) -> Option<Answered> {
        Answered::of(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]))
    }

    #[test]
    fn the_type_that_is_liked_best_is_answered() {
        for (accept, answered) in [
            ("*/*", Some(Answered::Json)),
            ("text/csv", Some(Answered::Csv)),
            ("text/*;q=0.5, application/vnd.apache.parquet", Some(Answered::Parquet)),
            ("text/html, application/json;q=0.2, text/csv;q=0.3", Some(Answered::Csv)),
            ("application/json;q=0, */*;q=0.1", Some(Answered::Csv)),
            ("Application/X-NDJSON", Some(Answered::Ndjson)),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(of(accept), answered, "{accept}");
        }
        assert_eq!(Answered::of(&HeaderMap::new()), Some(Answered::Json));
    }
}
