//! Bodies of answers in small pieces: what one holds is given back once the last was taken.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use metrify_application::{Place, Tenant};

/// Bytes that are handed on at once: what was handed on is no longer counted, and waits until the client takes it.
const PIECE_BYTES: usize = 64 << 10;

pub(crate) struct Held {
    body: Body,
    /// What is left of the piece that came last.
    rest: Bytes,
    _place: Place<Tenant>,
}

impl Held {
    pub(crate) fn new(body: Body, place: Place<Tenant>) -> Self {
        Self { body, rest: Bytes::new(), _place: place }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, rest, .. } = self.get_mut();
        if rest.is_empty() {
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => *rest = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(rest.split_to(rest.len().min(PIECE_BYTES))))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let told = self.body.size_hint();
        let mut hint = SizeHint::new();
        // In this order: the lower one is never above the upper one.
        if let Some(upper) = told.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(told.lower() + rest);
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use metrify_application::Places;

    use super::*;

    #[tokio::test]
    async fn pieces_are_small_and_the_place_is_kept_until_the_last_was_taken() {
        let places = Places::strict(1, 1);
        let tenant: Tenant = "ours".parse().expect("a name");
        let place = places.take(tenant.clone()).expect("a place");
        let bytes: Vec<u8> = (0..=PIECE_BYTES * 2).map(|number| number as u8).collect();
        let mut held = Held::new(Body::from(bytes.clone()), place);
        let mut came = Vec::new();
        while !held.is_end_stream() {
            let left = (bytes.len() - came.len()) as u64;
            assert_eq!((held.size_hint().exact(), places.take(tenant.clone()).is_err()), (Some(left), true));
            let piece = held.frame().await.expect("a piece").expect("bytes").into_data().expect("bytes");
            assert!(piece.len() <= PIECE_BYTES);
            came.extend_from_slice(&piece);
        }
        assert!(came == bytes);
        drop(held);
        assert!(places.take(tenant).is_ok());
    }
}
