//! What a decoder may hold at most, whatever the input.

/// Longest line that is read as one, in bytes. A day of 100 values takes about two thousand.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes of what was not understood that are kept for a reject, per problem.
pub const REJECT_BYTES_MAX: usize = 64 << 10;
/// Problems that are handed on together at most, before the sink is called.
pub const PROBLEMS_MAX: usize = 4_096;
/// Problems of a delivery that are each kept by itself. Behind them as many are kept as one as fill [`REJECT_BYTES_MAX`]: a delivery
/// of which nothing is understood must not become a hundred times as large.
pub const PROBLEMS_APART_MAX: u64 = 10_000;
/// Bytes of problems, with their preludes, that are handed on together at most, give or take those of one problem.
pub const PROBLEM_BYTES_MAX: usize = 16 << 20;
/// Largest archive (zip, KMZ) that is read, in compressed bytes: it has to be in memory, since its table stands at its end.
pub const ARCHIVE_BYTES_MAX: usize = 256 << 20;
/// Largest member of an archive, in bytes after unpacking.
pub const MEMBER_BYTES_MAX: u64 = 4 << 30;
/// A member that unpacks to more than this many times its packed size is a bomb.
pub const MEMBER_RATIO_MAX: u64 = 1_100;
/// Bytes that even the smallest delivery may unpack to.
pub const UNPACKED_BYTES_FREE: u64 = 16 << 20;
/// All members of one archive together, in bytes after unpacking.
pub const UNPACKED_BYTES_MAX: u64 = 16 << 30;
/// Members of one archive that are looked at.
pub const MEMBERS_MAX: usize = 10_000;
/// Largest e-mail that is read: it is held in memory with its parts decoded.
pub const MAIL_BYTES_MAX: u64 = 64 << 20;
/// How deep containers may lie in each other: a `.tar.gz` in an archive is three.
pub const CONTAINERS_MAX: usize = 3;
