//! Passwords as argon2id digests (RFC 9106), in the form of PHC strings, which carry what they were made with: digests
//! that were made before a parameter was raised are still understood.
//!
//! A password is its bytes in UTF-8 as they came.

mod queue;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
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
    queue: Queue<Memory>,
}

/// It is used again: freed by one thread and taken by another, much more of it would stay with the process.
type Memory = Vec<Block>;

fn failed(step: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, step).because(error)
}

fn parameters() -> Result<Params> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES));
    parameters.map_err(|error| failed("name the parameters of argon2id", error))
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
        self.queue.work(move |memory| digest(&password, &random()?, memory)).await
    }

    pub(crate) async fn matches(&self, password: &str, digest: &str) -> Result<bool> {
        // It is nobody's, whoever is named beside it.
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let (password, digest) = (password.to_owned(), digest.to_owned());
        self.queue.work(move |memory| matches(&password, &digest, memory)).await
    }
}

fn digest(password: &str, random: &[u8; 32], memory: &mut Memory) -> Result<String> {
    let step = "digest a password";
    let parameters = parameters()?;
    let salt = Salt::new(&random[..SALT_BYTES]).map_err(|error| failed(step, error))?;
    let digest = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&parameters).map_err(|error| failed(step, error))?,
        hash: Some(hash(password, &salt, parameters, memory)?),
        salt: Some(salt),
    };
    Ok(digest.to_string())
}

/// Who measures how long it takes must not learn that there is nothing to compare with: then, too, there is a hash to make.
fn matches(password: &str, digest: &str, memory: &mut Memory) -> Result<bool> {
    let known = understood(digest);
    let (salt, parameters) = match &known {
        Some(known) => (&*known.salt, known.parameters.clone()),
        None => (&[0; SALT_BYTES][..], parameters()?),
    };
    let made = hash(password, salt, parameters, memory)?;
    // In a time that does not tell how much of it is the same.
    Ok(known.is_some_and(|known| known.hash == made))
}

fn hash(password: &str, salt: &[u8], parameters: Params, memory: &mut Memory) -> Result<Output> {
    let step = "hash a password";
    if memory.len() < parameters.block_count() {
        memory.resize(parameters.block_count(), Block::new());
    }
    let argon2id = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let mut hash = [0; HASH_BYTES];
    let made = argon2id.hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory);
    made.map_err(|error| failed(step, error))?;
    Output::new(&hash).map_err(|error| failed(step, error))
}

/// What a digest says.
struct Known {
    parameters: Params,
    salt: Salt,
    hash: Output,
}

/// A digest that we can have made; `None` for everything else, such as one that would take more memory than we have.
fn understood(digest: &str) -> Option<Known> {
    let digest = PasswordHash::new(digest).ok()?;
    let parameters = Params::try_from(&digest).ok()?;
    let (salt, hash) = (digest.salt?, digest.hash?);
    let is_ours = digest.algorithm == ARGON2ID_IDENT
        && digest.version == Some(Version::V0x13.into())
        && parameters.m_cost() <= MEMORY_KIB
        && parameters.t_cost() <= PASSES
        && parameters.p_cost() <= LANES
        && salt.len() == SALT_BYTES
        && hash.as_bytes().len() == HASH_BYTES;
    is_ours.then_some(Known { parameters, salt, hash })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use argon2::PasswordHasher;
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{HASH_BYTES, LANES, MEMORY_KIB, Memory, PASSES, Passwords, SALT_BYTES};
    use crate::key_file::tests::random;
    use metrify_application::{Kind, Result};

    fn digest(password: &str, random: &[u8; 32]) -> Result<String> {
        super::digest(password, random, &mut Memory::new())
    }

    fn matches(password: &str, digest: &str) -> Result<bool> {
        super::matches(password, digest, &mut Memory::new())
    }

    #[test]
    fn what_is_in_the_memory_before_does_not_count() {
        let mut memory = Memory::new();
        let digests = ["one", "another", "one"].map(|one| super::digest(one, &[1; 32], &mut memory).expect("a digest"));
        assert_eq!(digests[0], digests[2]);
        assert_eq!(digests[1], digest("another", &[1; 32]).expect("a digest"));
        let smaller = made_with(64, 1, 1);
        assert!(super::matches("secret", &smaller, &mut memory).expect("an answer"), "there is more than it needs");
        // As everybody else makes it.
        let others = argon2::PasswordVerifier::verify_password(&Argon2::default(), b"one", digests[0].as_str());
        assert_eq!(others, Ok(()));
    }

    #[test]
    fn a_digest_says_what_it_was_made_with_and_is_never_the_same_twice() {
        let (one, other) =
            (digest("secret", &[1; 32]).expect("a digest"), digest("secret", &[2; 32]).expect("a digest"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(matches("secret", &one).expect("an answer") && matches("secret", &other).expect("an answer"));
    }

    fn made_with(memory_kib: u32, passes: u32, lanes: u32) -> String {
        let params = Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).expect("parameters");
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        hasher.hash_password_with_salt(b"secret", &[3; SALT_BYTES]).expect("a digest").to_string()
    }

    #[test]
    fn a_digest_of_smaller_parameters_is_understood_and_one_of_larger_or_other_ones_is_not() {
        let smaller = made_with(8 << 10, 1, 1);
        assert!(matches("secret", &smaller).expect("an answer"));
        // They are of the password, but whoever wrote them could have us take any time and memory.
        for larger in [made_with(MEMORY_KIB + 8, 1, 1), made_with(64, PASSES + 1, 1), made_with(64, 1, LANES + 1)] {
            assert!(!matches("secret", &larger).expect("an answer"), "{larger}");
        }
        for (of, to) in [("argon2id", "argon2i"), ("argon2id", "scrypt"), ("v=19", "v=16"), ("m=8192", "m=1")] {
            let changed = smaller.replace(of, to);
            assert!(changed != smaller && !matches("secret", &changed).expect("an answer"), "{changed}");
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
