//! What the body of a delivery is packed in by `Content-Encoding`. It is opened where all that is packed is opened, within the same
//! limits; here it is made sure that it is what its sender says.

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::{Error, Kind, Result};
use metrify_formats::{Container, Head};

use crate::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Gzip,
    Zstd,
}

/// The body is packed in something else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

impl Encoding {
    /// `None` where the body is what it is.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Unknown> {
        let mut named = headers.get_all(CONTENT_ENCODING).iter();
        let (first, more) = (named.next(), named.next());
        match (first.map(|value| value.as_bytes().to_ascii_lowercase()).as_deref(), more) {
            (None | Some(b"identity"), None) => Ok(None),
            (Some(b"gzip" | b"x-gzip"), None) => Ok(Some(Self::Gzip)),
            (Some(b"zstd"), None) => Ok(Some(Self::Zstd)),
            _ => Err(Unknown),
        }
    }

    /// Whether a body that begins so is packed so.
    fn is_of(self, begins: &[u8]) -> bool {
        let container = Container::recognise(&Head::new(begins));
        match self {
            Self::Gzip => container == Some(Container::Gzip),
            Self::Zstd => container == Some(Container::Zstd),
        }
    }

    /// # Errors
    /// Where the body is not packed so.
    pub(crate) fn check(self, begins: &[u8]) -> Result<()> {
        if self.is_of(begins) {
            return Ok(());
        }
        let step = format!("unpack the delivery: its Content-Encoding is {self:?}, its body is not").to_lowercase();
        Err(Error::new(Kind::Invalid, step).hint("leave the header away where the body is not packed"))
    }
}

/// What a whole delivery may be packed in.
pub(crate) const OF_DELIVERIES: &str = "gzip, zstd";
/// A part of one is what it is.
pub(crate) const OF_PARTS: &str = "identity";

/// 415, with what is understood (RFC 9110, 12.5.3).
pub(crate) fn refused(understood: &'static str) -> Response {
    let error = Error::new(Kind::Invalid, "unpack the body: its Content-Encoding is none that is understood");
    let error = error.hint(format!("send it as one of these: {understood}"));
    let mut response = Problem::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE).into_response();
    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(understood));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Result<Option<Encoding>, Unknown> {
        let headers = values.iter().map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value)));
        Encoding::of(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn one_encoding_is_understood_and_lists_are_not() {
        assert_eq!((of(&[]), of(&["identity"])), (Ok(None), Ok(None)));
        assert_eq!((of(&["GZIP"]), of(&["x-gzip"])), (Ok(Some(Encoding::Gzip)), Ok(Some(Encoding::Gzip))));
        assert_eq!(of(&["zstd"]), Ok(Some(Encoding::Zstd)));
        for unknown in [&["br"][..], &["gzip, zstd"], &["gzip", "zstd"], &[""]] {
            assert_eq!(of(unknown), Err(Unknown), "{unknown:?}");
        }
    }
}
