//! Whether a message holds what its kind says, to its last byte: those that read it trust it.

/// A message with its kind and its length.
pub(super) fn is_whole(message: &[u8]) -> bool {
    let Some((head, body)) = message.split_at_checked(5) else { return false };
    let mut body = Body(body);
    let whole = match head.first() {
        // A text: a query, or a password.
        Some(b'Q' | b'p') => body.text(),
        // Parse: a name, a query, and types of parameters.
        Some(b'P') => body.text().and_then(|()| body.text()).and_then(|()| body.many(4)),
        Some(b'B') => body.bind(),
        // Describe and close: of what kind, and a name.
        Some(b'D' | b'C') => body.take(1).and_then(|_| body.text()),
        // Execute: a name, and how many rows.
        Some(b'E') => body.text().and_then(|()| body.take(4)).map(drop),
        // Sync, flush, and the end.
        Some(b'S' | b'H' | b'X') => Some(()),
        _ => None,
    };
    whole.is_some() && body.0.is_empty()
}

/// What is left of a message. Each step is `None` where it does not hold so much.
struct Body<'b>(&'b [u8]);

impl<'b> Body<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A text, up to its zero.
    fn text(&mut self) -> Option<()> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        self.take(end + 1).map(drop)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.take(2)?.try_into().ok()?;
        usize::try_from(i16::from_be_bytes(bytes)).ok()
    }

    /// So many of the same size as stands before them.
    fn many(&mut self, size: usize) -> Option<()> {
        let count = self.count()?;
        self.take(count * size).map(drop)
    }

    /// Names of a portal and a statement, forms, values, and forms of the answer.
    fn bind(&mut self) -> Option<()> {
        self.text()?;
        self.text()?;
        self.many(2)?;
        for _ in 0..self.count()? {
            let length = i32::from_be_bytes(self.take(4)?.try_into().ok()?);
            // -1 is null.
            if length != -1 {
                self.take(usize::try_from(length).ok()?)?;
            }
        }
        self.many(2)
    }
}
