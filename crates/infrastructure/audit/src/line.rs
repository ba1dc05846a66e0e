//! An entry as a line of the log, and the hash that seals it.

use std::borrow::Cow;
use std::fmt::Write;
use std::str::FromStr;

use metrify_application::audit::{Entry, Outcome, QueryDigest};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_domain::time::SECOND;
use metrify_governance::{Act, Action, Resource};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Of the form of a line.
const VERSION: u32 = 2;
/// The last one whose lines tell of no queries.
const WITHOUT_QUERIES: u32 = 1;
/// No line is longer. What an entry names is a few words; a megabyte of them is a mistake or an attack.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;
/// What stands between an entry and its hash. Within names its quotes would be escaped, so it is found in this one
/// place.
pub(crate) const MARK: &[u8] = br#","hash":""#;
const HEX_DIGITS: usize = 64;
const END: &[u8] = br#""}"#;
/// The hash at the end of a line, with what stands around it.
pub(crate) const SEAL_BYTES: usize = MARK.len() + HEX_DIGITS + END.len();

/// SHA-256 of a line up to its hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hash(pub(crate) [u8; 32]);

impl Hash {
    /// What the first line names as the hash before it.
    pub(crate) const NONE: Self = Self([0; 32]);

    pub(crate) fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    pub(crate) fn hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
    }

    /// `None` for anything but 64 hexadecimal digits in lower case.
    pub(crate) fn from_hex(text: &[u8]) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        if text.len() != HEX_DIGITS {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(hash))
    }
}

/// What stands before the hash, in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'l> {
    version: u32,
    pub(crate) number: u64,
    at: Cow<'l, str>,
    pub(crate) tenant: Cow<'l, str>,
    request: Cow<'l, str>,
    principal: Cow<'l, str>,
    role: Option<Cow<'l, str>>,
    purpose: Option<Cow<'l, str>>,
    action: Cow<'l, str>,
    resource: Cow<'l, str>,
    subject: Option<Cow<'l, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<Cow<'l, str>>,
    outcome: Cow<'l, str>,
    previous: Cow<'l, str>,
}

/// The line of an entry, with the line feed at its end, and its hash.
///
/// # Errors
/// Where it would be too long, or its time has no name.
pub(crate) fn write(entry: &Entry, number: u64, previous: Hash) -> Result<(Vec<u8>, Hash)> {
    let line = Line {
        version: VERSION,
        number,
        at: at_text(entry.at)?.into(),
        tenant: entry.act.tenant.as_str().into(),
        request: entry.request.as_str().into(),
        principal: entry.principal.as_str().into(),
        role: entry.role.map(|role| role.name().into()),
        purpose: entry.purpose.map(|purpose| purpose.name().into()),
        action: entry.act.action.name().into(),
        resource: entry.act.resource.name().into(),
        subject: entry.act.subject.as_deref().map(Into::into),
        query: entry.query.map(|query| query.to_string().into()),
        outcome: entry.outcome.name().into(),
        previous: previous.hex().into(),
    };
    let mut bytes = serde_json::to_vec(&line)
        .map_err(|error| Error::new(Kind::Internal, "write an audit entry as JSON").because(error))?;
    // The brace comes behind the hash.
    bytes.pop();
    let hash = Hash::of(&bytes);
    bytes.extend_from_slice(&seal(hash));
    bytes.push(b'\n');
    if bytes.len() > LINE_BYTES_MAX {
        let step = format!("write an audit entry of {} bytes: no more than {LINE_BYTES_MAX} are kept", bytes.len());
        return Err(Error::new(Kind::Invalid, step));
    }
    Ok((bytes, hash))
}

/// The end of a line that has this hash.
pub(crate) fn seal(hash: Hash) -> Vec<u8> {
    [MARK, hash.hex().as_bytes(), END].concat()
}

/// A line without its line feed, as what stands before the hash and the hash that it states; `None` where it ends in no
/// hash.
pub(crate) fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL_BYTES)?)?;
    let hash = seal.strip_prefix(MARK)?.strip_suffix(END)?;
    Some((body, Hash::from_hex(hash)?))
}

/// A line without its line feed whose hash fits is what was written.
pub(crate) fn is_whole(line: &[u8]) -> bool {
    split(line).is_some_and(|(body, stated)| Hash::of(body) == stated)
}

/// Whether a line begins as that of an entry does: enough to tell one that was never finished from what never was one.
pub(crate) fn begins(line: &[u8], number: u64) -> bool {
    (WITHOUT_QUERIES..=VERSION).any(|version| {
        let beginning = format!("{{\"version\":{version},\"number\":{number},\"at\":\"");
        let both = line.len().min(beginning.len());
        line[..both] == beginning.as_bytes()[..both]
    })
}

impl<'l> Line<'l> {
    /// Reads what stands before the hash; its missing brace is put behind it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(body: &'l mut Vec<u8>) -> Result<Self, String> {
        body.push(b'}');
        let line: Self = serde_json::from_slice(body).map_err(|error| format!("it is no entry: {error}"))?;
        match line.version {
            VERSION => Ok(line),
            WITHOUT_QUERIES if line.query.is_none() => Ok(line),
            WITHOUT_QUERIES => Err("it is an entry of version 1, which tells of no queries, and does".to_owned()),
            other => Err(format!("it is an entry of version {other}, and this program reads those up to {VERSION}")),
        }
    }

    /// When it was noted; `None` where its time is none.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        at(&self.at)
    }

    pub(crate) fn previous(&self) -> Option<Hash> {
        Hash::from_hex(self.previous.as_bytes())
    }

    /// # Errors
    /// What in it means nothing.
    pub(crate) fn entry(self) -> Result<Entry, String> {
        let unknown = |what: &str, name: &str| format!("`{}` is no {what}", shortened(name));
        let purpose = self.purpose.as_deref().map(known).transpose()?;
        let action = Action::ALL.into_iter().find(|action| action.name() == self.action);
        let resource = Resource::ALL.into_iter().find(|resource| resource.name() == self.resource);
        let query = |text: &str| QueryDigest::from_hex(text).ok_or_else(|| unknown("digest of a query", text));
        Ok(Entry {
            at: at(&self.at).ok_or_else(|| unknown("time", &self.at))?,
            role: self.role.as_deref().map(known).transpose()?,
            purpose,
            act: Act {
                action: action.ok_or_else(|| unknown("action", &self.action))?,
                resource: resource.ok_or_else(|| unknown("resource", &self.resource))?,
                tenant: known::<Tenant>(&self.tenant)?,
                subject: self.subject.map(Cow::into_owned),
            },
            query: self.query.as_deref().map(query).transpose()?,
            outcome: Outcome::named(&self.outcome).ok_or_else(|| unknown("outcome", &self.outcome))?,
            request: self.request.into_owned(),
            principal: self.principal.into_owned(),
        })
    }
}

fn known<T: FromStr<Err: ToString>>(name: &str) -> Result<T, String> {
    name.parse().map_err(|error: T::Err| error.to_string())
}

fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

/// RFC 3339 in UTC, always with microseconds: lines that are sorted by their text are sorted by time.
fn at_text(at: Timestamp) -> Result<String> {
    let micros = at.micros().rem_euclid(SECOND);
    let second = at.plus(-micros).unwrap_or(at).to_string();
    // Years beyond four digits have a sign before them, and what no calendar names is longer still.
    let Some(clock) = second.strip_suffix('Z').filter(|clock| clock.len() == 19) else {
        return Err(Error::new(
            Kind::Invalid,
            format!("write an audit entry: its time {at} has no year of four digits"),
        ));
    };
    let mut text = clock.to_owned();
    write!(text, ".{micros:06}Z").map_err(|error| Error::new(Kind::Internal, "write a time").because(error))?;
    Ok(text)
}

fn at(text: &str) -> Option<Timestamp> {
    let clock = text.strip_suffix('Z')?;
    let at = Timestamp::from_utc(clock.parse().ok()?);
    // Looser forms are understood, too, but never written.
    (at_text(at).ok()? == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_microseconds_and_are_read_back() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_698_538_500_250_001, "2023-10-29T00:15:00.250001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let instant = Timestamp::from_micros(micros);
            assert_eq!(at_text(instant).expect("a time"), text);
            assert_eq!(at(text), Some(instant));
        }
        for text in ["2023-10-29T00:15:00Z", "2023-10-29T00:15:00.250001", "2023-1-29T00:15:00.250001Z", ""] {
            assert_eq!(at(text), None, "{text}");
        }
        let beyond = at_text(Timestamp::from_micros(253_402_300_800_000_000)).expect_err("the year 10000");
        assert_eq!(beyond.kind(), Kind::Invalid);
    }

    #[test]
    fn every_outcome_is_read_back() {
        let kinds = [Kind::Invalid, Kind::NotFound, Kind::Conflict, Kind::Busy, Kind::Unavailable, Kind::Corrupt];
        let failed = kinds.into_iter().chain([Kind::Internal]).map(Outcome::Failed);
        for told in failed.chain([Outcome::Begun, Outcome::Done, Outcome::Denied]) {
            assert_eq!(Outcome::named(told.name()), Some(told));
        }
        assert_eq!(Outcome::named("well"), None);
    }

    #[test]
    fn a_hash_is_read_back_from_its_digits() {
        let hash = Hash::of(b"abc");
        assert_eq!(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Hash::from_hex(hash.hex().as_bytes()), Some(hash));
        assert_eq!(Hash::from_hex(hash.hex().to_uppercase().as_bytes()), None);
        assert_eq!(Hash::from_hex(&hash.hex().as_bytes()[1..]), None);
    }
}
