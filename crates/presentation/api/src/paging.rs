//! Lists, a page at a time, and versions of things as entity tags.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::registry::{Changed, Cursor, Edition, Field, Listing, Near, Sort, ThingKind, Wanted};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::master::{Label, Place};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;
use crate::extract::Parameters;
use crate::wire::{moment, span};

/// Things of a page where nobody says how many.
const PAGE: u64 = 100;
/// Things of a page at most.
const PAGE_MAX: u64 = 1_000;

/// Which page of a list, and in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Things at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(crate) limit: Option<u64>,
    /// What `next` said on the page before.
    pub(crate) cursor: Option<String>,
    /// `id`, `-id`, `changed` or `-changed`, the last since when it is known.
    #[param(inline)]
    pub(crate) sort: Option<SortBody>,
    /// As it was known then: a day, local, or an instant.
    pub(crate) as_known_at: Option<String>,
}

/// Since when things stand as they do, which is what `changed` sorts by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangedParameters {
    /// Changed last at a day, local, as its beginning, or at an instant, or after it.
    start: Option<String>,
    /// Changed last before a day, local, or an instant.
    end: Option<String>,
}

impl ChangedParameters {
    /// # Errors
    /// Where a time is none, or the end comes before the start.
    pub(crate) fn changed(&self) -> Result<Changed> {
        let (from, until) = span(self.start.as_deref(), self.end.as_deref())?;
        Ok(Changed { from, until })
    }
}

/// Which page of a list of things that change, in which order, and of those that were changed when.
#[derive(Debug)]
pub(crate) struct ThingParameters {
    page: PageParameters,
    changed: ChangedParameters,
}

impl<S: Send + Sync> FromRequestParts<S> for ThingParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Problem> {
        let Parameters(page) = Parameters::from_request_parts(parts, state).await?;
        let Parameters(changed) = Parameters::from_request_parts(parts, state).await?;
        Ok(Self { page, changed })
    }
}

impl IntoParams for ThingParameters {
    fn into_params(placed: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [PageParameters::into_params(&placed), ChangedParameters::into_params(&placed)].concat()
    }
}

impl ThingParameters {
    /// # Errors
    /// Where a parameter means nothing.
    pub(crate) fn wanted(&self, kind: ThingKind) -> Result<Wanted> {
        let Paged { limit, known_at, after, sort } = self.page.paged(kind.name())?;
        // Of jobs the newest are asked for, and things by their names.
        let sort = sort.unwrap_or(if kind == ThingKind::Job { Sort::IdDown } else { Sort::Id });
        Ok(Wanted { changed: self.changed.changed()?, known_at, after, sort, ..Wanted::all(kind, limit) })
    }

    /// A page of a list of things.
    pub(crate) fn listed<S, T: From<Edition<S>>>(&self, kind: ThingKind, page: Listing<S>) -> Listed<T> {
        let next = self.next(kind, page.next.as_ref());
        Listed { results: page.things.into_iter().map(T::from).collect(), next }
    }

    /// The cursor of the next page of a list of things; `None` where there is none.
    pub(crate) fn next(&self, kind: ThingKind, last: Option<&Cursor>) -> Option<String> {
        self.page.next(kind.name(), last)
    }
}

/// As it was known when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KnownParameters {
    /// A day, local, as its beginning, or an instant; today where it is absent.
    as_known_at: Option<String>,
}

impl KnownParameters {
    /// # Errors
    /// Where it is no time.
    pub(crate) fn known_at(&self) -> Result<Option<Timestamp>> {
        self.as_known_at.as_deref().map(moment).transpose()
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(crate) enum SortBody {
    #[serde(rename = "id")]
    Id,
    #[serde(rename = "-id")]
    IdDown,
    #[serde(rename = "changed")]
    Changed,
    #[serde(rename = "-changed")]
    ChangedDown,
}

impl From<SortBody> for Sort {
    fn from(sort: SortBody) -> Self {
        match sort {
            SortBody::Id => Self::Id,
            SortBody::IdDown => Self::IdDown,
            SortBody::Changed => Self::Changed,
            SortBody::ChangedDown => Self::ChangedDown,
        }
    }
}

impl PageParameters {
    /// Of a list of this name, whose cursors no other list takes.
    ///
    /// # Errors
    /// Where a parameter means nothing.
    pub(crate) fn paged(&self, list: &str) -> Result<Paged> {
        let after = self.cursor.as_deref().map(|cursor| read_cursor(&self.mark(list), cursor)).transpose()?;
        Ok(Paged {
            limit: limit(self.limit)?,
            known_at: self.as_known_at.as_deref().map(moment).transpose()?,
            after,
            sort: self.sort.map(Sort::from),
        })
    }

    /// The cursor of the next page of a list of this name; `None` where there is none.
    pub(crate) fn next(&self, list: &str, last: Option<&Cursor>) -> Option<String> {
        last.map(|last| write_cursor(&self.mark(list), last))
    }

    /// What a cursor is good for: a list, in the order that was asked for.
    fn mark(&self, list: &str) -> String {
        let sort = match self.sort {
            None => "",
            Some(SortBody::Id) => "id",
            Some(SortBody::IdDown) => "-id",
            Some(SortBody::Changed) => "changed",
            Some(SortBody::ChangedDown) => "-changed",
        };
        format!("{list}:{sort}")
    }
}

/// Which page of a list, read.
pub(crate) struct Paged {
    pub(crate) limit: u64,
    pub(crate) known_at: Option<Timestamp>,
    pub(crate) after: Option<Cursor>,
    /// `None` where the list's own is asked for.
    pub(crate) sort: Option<Sort>,
}

/// How many things a page has.
///
/// # Errors
/// Where it is none, or too many.
pub(crate) fn limit(said: Option<u64>) -> Result<u64> {
    let limit = said.unwrap_or(PAGE);
    let invalid = || {
        let error = Error::new(Kind::Invalid, format!("read the parameter limit: it is of 1 to {PAGE_MAX}"));
        error.hint(format!("leave it away for {PAGE}, and ask for the next page by `cursor`"))
    };
    (1..=PAGE_MAX).contains(&limit).then_some(limit).ok_or_else(invalid)
}

/// An answer that is JSON already.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// In a circle: all three together.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NearParameters {
    /// Degrees, WGS 84: the middle of the circle.
    #[param(minimum = -90, maximum = 90)]
    pub(crate) latitude: Option<f64>,
    #[param(minimum = -180, maximum = 180)]
    pub(crate) longitude: Option<f64>,
    /// Metres.
    #[param(minimum = 0)]
    pub(crate) radius_m: Option<f64>,
}

impl NearParameters {
    /// # Errors
    /// Where some of the parameters are missing, or mean nothing.
    pub(crate) fn near(&self) -> Result<Option<Near>> {
        let invalid = |step: &str| {
            let error = Error::new(Kind::Invalid, format!("read the circle: {step}"));
            error.hint("degrees of `latitude` and `longitude` are its middle, and `radius_m` is in metres")
        };
        match (self.latitude, self.longitude, self.radius_m) {
            (None, None, None) => Ok(None),
            (Some(latitude), Some(longitude), Some(radius_m)) if radius_m >= 0.0 => {
                let place = Place::of_degrees(latitude, longitude);
                let place = place.map_err(|error| invalid("its middle").because(error))?;
                Ok(Some(Near { place, radius_m }))
            }
            (_, _, Some(radius_m)) if radius_m < 0.0 => Err(invalid("its radius is less than nothing")),
            _ => Err(invalid("it has `latitude`, `longitude` and `radius_m`")),
        }
    }
}

/// The fields that were asked for.
///
/// # Errors
/// Where a value can be none of a field.
pub(crate) fn equal<const N: usize>(fields: [(Field, Option<String>); N]) -> Result<Vec<(Field, String)>> {
    let asked = fields.into_iter().filter_map(|(field, value)| Some((field, value?)));
    let read = |(field, value): (Field, String)| match value.parse::<Label>() {
        Ok(label) => Ok((field, label.to_string())),
        Err(error) => Err(Error::new(Kind::Invalid, format!("read `{value}` among the parameters")).because(error)),
    };
    asked.map(read).collect()
}

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Listed<T> {
    pub results: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    pub next: Option<String>,
}

/// Opaque to clients: which list it is of, and the place of a thing in each order.
fn write_cursor(mark: &str, Cursor { known_from, id }: &Cursor) -> String {
    write_hex(&format!("{mark} {} {id}", known_from.micros()))
}

fn read_cursor(mark: &str, text: &str) -> Result<Cursor> {
    let read = |place: &str| {
        let (micros, id) = place.strip_prefix(mark)?.strip_prefix(' ')?.split_once(' ')?;
        Some(Cursor { known_from: Timestamp::from_micros(micros.parse().ok()?), id: id.to_owned() })
    };
    read_hex(text).as_deref().and_then(read).ok_or_else(|| {
        Error::new(Kind::Invalid, "read the cursor: it is none of this list in this order")
            .hint("give `next` of the page before as it is, and `sort` as it was")
    })
}

/// A text that goes through URLs as it is.
pub(crate) fn write_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// `None` also where it has a zero: no text of ours has one, and PostgreSQL takes none.
pub(crate) fn read_hex(text: &str) -> Option<String> {
    let byte = |at: usize| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok().filter(|text| !text.contains('\0'))
}

/// A thing with its version as entity tag (RFC 9110, 8.8.3).
pub(crate) fn tagged<S, T: From<Edition<S>> + Serialize>(status: StatusCode, known: Edition<S>) -> Response {
    let version = known.version;
    tagged_as(status, version, T::from(known))
}

/// As [`tagged`], of what is told already.
pub(crate) fn tagged_as(status: StatusCode, version: u64, told: impl Serialize) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).ok();
    let mut response = (status, Json(told)).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The version that a change is meant for; `None` where it is meant whatever there is.
///
/// # Errors
/// Where the header holds no tag of ours.
pub(crate) fn meant(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    if text.starts_with("W/") {
        // Tags are compared strongly, and so a weak one is that of nothing (RFC 9110, 13.1.1).
        let error = Error::new(Kind::Conflict, "read the header If-Match: a weak tag is that of no version");
        return Err(error.hint("send the ETag as it came, without `W/`"));
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    let invalid = || Error::new(Kind::Invalid, "read the header If-Match: it is no tag of this server");
    version.map(Some).ok_or_else(|| invalid().hint("send the ETag of the answer that is to be changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { known_from: Timestamp::from_micros(-17), id: "1EMH ü 7".to_owned() };
        let written = write_cursor("meter:-id", &cursor);
        assert_eq!(read_cursor("meter:-id", &written).expect("a cursor"), cursor);
        for other in ["meter:", "meter:id", "meter:-", "user:-id", ""] {
            assert!(read_cursor(other, &written).is_err(), "{other}");
        }
        for wrong in ["", "7", "zz", "ff", "31", "ä"] {
            assert!(read_cursor("meter:-id", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_tag_of_ours_is_meant() {
        let of = |value: &'static str| meant(&HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))]));
        assert_eq!(of("\"7\"").expect("a tag"), Some(7));
        assert_eq!(of("*").expect("any"), None);
        assert_eq!(meant(&HeaderMap::new()).expect("none"), None);
        for wrong in ["7", "W/\"7\"", "\"x\"", "\"7\", \"8\""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
