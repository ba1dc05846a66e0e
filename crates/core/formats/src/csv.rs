//! (to be written)

use crate::detect::Head;
use crate::format::Options;
use crate::output::Output;

#[must_use]
pub fn recognise(_head: &Head<'_>) -> Option<&'static str> {
    None
}

pub struct Decoder;

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self
    }

    pub fn push(&mut self, _bytes: &[u8], _out: &mut Output<'_>) {}

    pub fn finish(&mut self, _out: &mut Output<'_>) {}
}
