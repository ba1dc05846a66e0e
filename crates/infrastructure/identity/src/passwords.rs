//! Passwords as argon2id digests (RFC 9106), in the form of PHC strings, which carry what they were made with: digests
//! that were made before a parameter was raised are still understood.
//!
//! A password is its bytes in UTF-8 as they came.

mod queue;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordVerifier, Version};
use metrify_application::{Error, Kind, Result};

use crate::Random;
use queue::Queue;

/// Memory that a digest takes, and how often it is gone over: what OWASP's Password Storage Cheat Sheet asks for at
/// least. RFC 9106 would have 64 MiB three times where memory is scarce: five times as long for everybody who logs in,
/// and a quarter of a gigabyte for those who try to.
const MEMORY_KIB: u32 = 19 << 10;
const PASSES: u32 = 2;
/// Lanes would be filled one after the other: they help only those who have many cores to guess with.
const LANES: u32 = 1;
/// Of what is kept: RFC 9106, section 4.
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// No password is longer: longer than every sentence that somebody remembers.
const PASSWORD_BYTES_MAX: usize = 1 << 10;
/// With the memory of each this bounds what all who log in at once take: 76 MiB.
const AT_ONCE: usize = 4;
/// Who comes later than this many is told to come again; those before take some seconds.
const WAITING_MAX: usize = 96;

pub(crate) struct Passwords {
    random: Random,
    queue: Queue,
}

fn failed(step: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, step).because(error)
}

fn argon2id() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES));
    let params = params.map_err(|error| failed("name the parameters of argon2id", error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl Passwords {
    pub(crate) fn new(random: Random) -> Self {
        Self { random, queue: Queue::new(AT_ONCE, WAITING_MAX) }
    }

    pub(crate) async fn digest(&self, password: &str) -> Result<String> {
        if password.len() > PASSWORD_BYTES_MAX {
            let step = format!("take a password of {} bytes", password.len());
            let hint = format!("a password has at most {PASSWORD_BYTES_MAX} bytes");
            return Err(Error::new(Kind::Invalid, step).hint(hint));
        }
        let (password, random) = (password.to_owned(), self.random);
        self.queue.work(move || digest(&password, &random()?)).await
    }

    pub(crate) async fn matches(&self, password: &str, digest: &str) -> Result<bool> {
        // It is nobody's, whoever is named beside it.
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let (password, digest) = (password.to_owned(), digest.to_owned());
        self.queue.work(move || matches(&password, &digest)).await
    }
}

fn digest(password: &str, random: &[u8; 32]) -> Result<String> {
    let salt = &random[..SALT_BYTES];
    let digest = argon2id()?.hash_password_with_salt(password.as_bytes(), salt);
    Ok(digest.map_err(|error| failed("digest a password", error))?.to_string())
}

fn matches(password: &str, digest: &str) -> Result<bool> {
    let Some(digest) = understood(digest) else {
        // Who measures how long it takes must not learn that there is nothing to compare with.
        let mut hash = [0; HASH_BYTES];
        let made = argon2id()?.hash_password_into(password.as_bytes(), &[0; SALT_BYTES], &mut hash);
        made.map_err(|error| failed("compare a password", error))?;
        std::hint::black_box(hash);
        return Ok(false);
    };
    match argon2id()?.verify_password(password.as_bytes(), &digest) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed("compare a password", error)),
    }
}

/// A digest that we can have made; `None` for everything else, such as one that would take more memory than we have.
fn understood(digest: &str) -> Option<PasswordHash> {
    let digest = PasswordHash::new(digest).ok()?;
    let params = Params::try_from(&digest).ok()?;
    let ours = digest.algorithm == ARGON2ID_IDENT
        && digest.version == Some(Version::V0x13.into())
        && params.m_cost() <= MEMORY_KIB
        && params.t_cost() <= PASSES
        && params.p_cost() <= LANES
        && digest.salt.as_ref().is_some_and(|salt| salt.len() == SALT_BYTES)
        && digest.hash.as_ref().is_some_and(|hash| hash.as_bytes().len() == HASH_BYTES);
    ours.then_some(digest)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Passwords, digest, matches};
    use crate::key_file::tests::random;
    use metrify_application::Kind;

    #[test]
    fn a_digest_says_what_it_was_made_with_and_is_never_the_same_twice() {
        let (one, other) =
            (digest("secret", &[1; 32]).expect("a digest"), digest("secret", &[2; 32]).expect("a digest"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(matches("secret", &one).expect("an answer") && matches("secret", &other).expect("an answer"));
    }

    #[test]
    fn a_digest_of_smaller_parameters_is_understood_and_one_of_larger_or_other_ones_is_not() {
        // Made with the reference implementation's form: what counts is that parameters are those that it names.
        let smaller = argon2::Params::new(8 << 10, 1, 1, Some(32)).expect("parameters");
        let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, smaller);
        let made = argon2::PasswordHasher::hash_password_with_salt(&hasher, b"secret", &[3; 16]);
        let made = made.expect("a digest").to_string();
        assert!(matches("secret", &made).expect("an answer"));
        for (of, to) in [
            ("m=8192", "m=4194304"),
            ("m=8192", "m=1"),
            ("t=1", "t=100000"),
            ("p=1", "p=16"),
            ("argon2id", "argon2i"),
            ("argon2id", "scrypt"),
            ("v=19", "v=16"),
        ] {
            let changed = made.replace(of, to);
            assert_ne!(changed, made);
            assert!(!matches("secret", &changed).expect("an answer"), "{changed}");
        }
    }

    #[test]
    fn to_find_no_digest_takes_as_long_as_to_compare_with_one() {
        let kept = digest("secret", &[1; 32]).expect("a digest");
        let once = |digest: &str| {
            #[allow(clippy::disallowed_methods, reason = "what is measured is how long it takes")]
            let begun = Instant::now();
            assert!(!matches("wrong", digest).expect("an answer"));
            begun.elapsed()
        };
        for none in ["", "no digest", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$abcdefghijklmnopqrstuv"] {
            // The shortest so far of each, one after the other: the machine has other work, too.
            let (mut real, mut took) = (once(&kept), once(none));
            let are_alike = (0..50).any(|_| {
                (real, took) = (real.min(once(&kept)), took.min(once(none)));
                took * 2 >= real && took <= real * 2
            });
            assert!(are_alike, "{none:?} takes {took:?}, a real one {real:?}");
        }
    }

    #[tokio::test]
    async fn a_password_that_is_too_long_is_nobodys_and_no_new_one() {
        let passwords = Passwords::new(random);
        let longest = "x".repeat(super::PASSWORD_BYTES_MAX);
        let kept = passwords.digest(&longest).await.expect("the longest");
        assert!(passwords.matches(&longest, &kept).await.expect("an answer"));
        let longer = longest + "x";
        assert!(!passwords.matches(&longer, &kept).await.expect("an answer"));
        let error = passwords.digest(&longer).await.expect_err("too long");
        assert_eq!(error.kind(), Kind::Invalid);
        assert_eq!(error.chain(), "take a password of 1025 bytes");
        assert_eq!(error.hint_text(), Some("a password has at most 1024 bytes"));
    }
}
