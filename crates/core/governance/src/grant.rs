//! The leave that the user of a connection (Anschlussnutzer) gives to use what is known of a point (MsbG 49(2) no. 9,
//! GDPR 6(1)(a) and 7; a permission of EU 2023/1162).

use std::fmt;
use std::str::FromStr;

use metrify_domain::master::{Label, Status};
use metrify_domain::{Point, Timestamp};

use crate::{Purpose, UserName};

/// A consent: to whom it was given, for which point and purpose, and how long. It is inactive once it was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: String,
    /// A market or metering location or a meter, as readings name it. No other point is covered; of the meter that is
    /// at a metering point, whoever asks for a time in which it was there asks for that point.
    pub point: Point,
    pub grantee: Grantee,
    /// One that rests on consent.
    pub purpose: Purpose,
    pub valid_from: Timestamp,
    /// Not within it. `None`: until it is withdrawn.
    pub valid_until: Option<Timestamp>,
    /// Where the consent itself is kept, such as the number of a file; it names no person.
    pub evidence: Label,
    pub status: Status,
}

impl Grant {
    /// Whether it covers a use of a point by a principal, named as in the audit log, at an instant.
    #[must_use]
    pub fn covers(&self, principal: &str, point: &str, purpose: Purpose, at: Timestamp) -> bool {
        let holds = self.valid_from <= at && self.valid_until.is_none_or(|until| at < until);
        let given = self.status == Status::Active && self.grantee.is(principal);
        given && holds && self.point.as_str() == point && self.purpose == purpose
    }
}

/// To whom a grant is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// Everybody of the tenant that keeps it.
    Tenant,
    /// One principal of the tenant, named as in the audit log: `user:ann`, `key:7f3a...`, `oidc:8f2c@...`.
    Principal(Label),
}

const EVERYBODY: &str = "tenant";

impl Grantee {
    fn is(&self, principal: &str) -> bool {
        match self {
            Self::Tenant => true,
            Self::Principal(name) => name.as_str() == principal,
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str(EVERYBODY),
            Self::Principal(name) => write!(f, "{name}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no grantee: `tenant` is everybody of the tenant; one principal is `user:NAME`, `key:ID` or \
     `oidc:SUBJECT@ISSUER`"
)]
pub struct UnknownGrantee(String);

impl FromStr for Grantee {
    type Err = UnknownGrantee;

    fn from_str(text: &str) -> Result<Self, UnknownGrantee> {
        let unknown = || UnknownGrantee(text.chars().take(40).collect());
        if text == EVERYBODY {
            return Ok(Self::Tenant);
        }
        let known = match text.split_once(':') {
            Some(("user", name)) => name.parse::<UserName>().is_ok(),
            Some(("key", id)) => !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Some(("oidc", name)) => !name.is_empty(),
            Some(_) | None => false,
        };
        let name = text.parse().map_err(|_| unknown())?;
        if known { Ok(Self::Principal(name)) } else { Err(unknown()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(grantee: &str) -> Grant {
        Grant {
            id: "5e55".to_owned(),
            point: "50120962218".parse().expect("a point"),
            grantee: grantee.parse().expect("a grantee"),
            purpose: consent(),
            valid_from: at(10),
            valid_until: Some(at(20)),
            evidence: "file 7".parse().expect("a label"),
            status: Status::Active,
        }
    }

    fn consent() -> Purpose {
        "consent".parse().expect("a purpose")
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn it_covers_its_point_and_purpose_from_its_begin_until_its_end() {
        let covers = |grant: &Grant, instant| grant.covers("user:ann", "50120962218", consent(), at(instant));
        let covered: Vec<i64> = (0..30).filter(|instant| covers(&grant("tenant"), *instant)).collect();
        assert_eq!(covered, (10..20).collect::<Vec<_>>());
        let endless = Grant { valid_until: None, ..grant("tenant") };
        assert!(covers(&endless, i64::MAX) && !covers(&endless, 9));
        assert!(!covers(&Grant { status: Status::Inactive, ..endless }, 15), "it was withdrawn");
        for other in ["51481308448", "5012096221", "501209622180", ""] {
            assert!(!grant("tenant").covers("user:ann", other, consent(), at(15)), "{other}");
        }
        let other = Purpose::all().filter(|purpose| *purpose != consent());
        assert_eq!(other.filter(|purpose| grant("tenant").covers("x", "50120962218", *purpose, at(15))).count(), 0);
    }

    #[test]
    fn it_is_to_everybody_of_the_tenant_or_to_one() {
        let covers = |grantee, principal| grant(grantee).covers(principal, "50120962218", consent(), at(15));
        assert!(covers("tenant", "user:ann") && covers("tenant", "key:7f3a"));
        assert!(covers("user:ann", "user:ann"));
        for other in ["user:anna", "user:an", "key:ann", "ann", "tenant", ""] {
            assert!(!covers("user:ann", other), "{other}");
        }
    }

    #[test]
    fn a_grantee_is_named_as_in_the_audit_log() {
        for good in ["tenant", "user:ann@example.org", "key:7f3a00", "oidc:8f2c@login.example.org"] {
            assert_eq!(good.parse::<Grantee>().map(|grantee| grantee.to_string()), Ok(good.to_owned()));
        }
        let long = format!("oidc:{}", "x".repeat(100));
        for bad in ["", "ann", "user:", "user:Ann", "key:", "key:x_y", "oidc:", "role:admin", "local", &long] {
            assert!(bad.parse::<Grantee>().is_err(), "{bad}");
        }
    }
}
