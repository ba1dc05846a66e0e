//! How large and how deep policies may be: Cedar's parser calls itself for every level, and a stack that ends ends the
//! program.

use super::error::{Place, PolicyError};

/// Of one policy without its comments: what nests without brackets, such as `1 + 1 + 1`, is bounded by it.
const POLICY_BYTES_MAX: usize = 4096;
/// Brackets within brackets.
const DEPTH_MAX: usize = 32;

/// Whether the text may be given to the parser.
///
/// # Errors
/// The place where a policy is too long or too deep.
pub(super) fn check(text: &str) -> Result<(), PolicyError> {
    let (mut start, mut depth) = (0, 0_usize);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'/' if text.as_bytes().get(at + 1) == Some(&b'/') => {
                let end = bytes.find(|(_, byte)| matches!(byte, b'\n' | b'\r'));
                start += end.map_or(text.len(), |(end, _)| end) - at;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b';' => start = at + 1,
            _ => {}
        }
        let end = bytes.clone().next().map_or(text.len(), |(next, _)| next);
        if depth > DEPTH_MAX || end.saturating_sub(start) > POLICY_BYTES_MAX {
            let place = Place::at(text, at);
            return Err(PolicyError::TooLong { place, bytes_max: POLICY_BYTES_MAX, depth_max: DEPTH_MAX });
        }
    }
    Ok(())
}

/// To behind its closing quote; a quote behind a backslash closes nothing.
fn skip_string(bytes: &mut impl Iterator<Item = (usize, u8)>) {
    while let Some((_, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return,
            _ => {}
        }
    }
}
