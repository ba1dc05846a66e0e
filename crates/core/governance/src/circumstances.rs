//! Under which circumstances somebody acts.

use crate::Purpose;

/// What a decision depends on beside who acts, and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Circumstances {
    /// What it was said to be done for: a principal's own purposes only narrow it, none of them is taken where nothing
    /// was said.
    pub purpose: Option<Purpose>,
    /// The grant that covers it, by its id; `None` where none does.
    pub grant: Option<String>,
    /// Who acts began what it acts on.
    pub own: bool,
}

impl From<Option<Purpose>> for Circumstances {
    /// Where no grant was given, of what is anybody's.
    fn from(purpose: Option<Purpose>) -> Self {
        Self { purpose, grant: None, own: false }
    }
}
