//! Names of data files. They grow from one to the next, also where the clock is set back: what is read later is newer.

use std::sync::atomic::{AtomicU64, Ordering};

use metrify_domain::Timestamp;
use uuid::{NoContext, Uuid};

/// The milliseconds that the newest name of a table begins with.
pub(crate) struct Names(AtomicU64);

impl Names {
    /// Goes on after the names of these files.
    pub(crate) fn after<'p>(paths: impl Iterator<Item = &'p str>) -> Self {
        Self(AtomicU64::new(paths.filter_map(unique_of).map(millis).max().unwrap_or(0)))
    }

    pub(crate) fn next(&self, now: Timestamp) -> Uuid {
        let now_ms = u64::try_from(now.micros() / 1_000).unwrap_or(0);
        let newest = self.0.fetch_max(now_ms, Ordering::SeqCst);
        // Where the clock did not go on, the name does.
        let ms = if newest < now_ms { now_ms } else { self.0.fetch_add(1, Ordering::SeqCst) + 1 };
        Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, ms / 1_000, (ms % 1_000) as u32 * 1_000_000))
    }
}

/// When a data file was written, by its path; `None` where another program named it.
pub(crate) fn written_at(path: &str) -> Option<Timestamp> {
    Some(Timestamp::from_micros(i64::try_from(millis(unique_of(path)?)).ok()?.checked_mul(1_000)?))
}

/// The UUID in the path of a data file; another program may have named it in another way.
fn unique_of(path: &str) -> Option<Uuid> {
    let name = path.rsplit('/').next()?;
    Uuid::parse_str(name.strip_prefix("part-")?.split('.').next()?).ok()
}

/// The milliseconds that a UUID of version 7 begins with; 0 for others.
pub(crate) fn millis(unique: Uuid) -> u64 {
    unique.get_timestamp().map_or(0, |stamp| {
        let (seconds, nanos) = stamp.to_unix();
        seconds * 1_000 + u64::from(nanos / 1_000_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    #[test]
    fn names_grow_also_where_the_clock_is_set_back_and_after_a_restart() {
        let at = |ms: i64| Timestamp::from_micros(ms * 1_000);
        let mut paths: Vec<String> = Vec::new();
        for clock in [[1_000, 1_000, 5_000], [4_000, 4_000, 6_000], [2, 1, 0]] {
            let names = Names::after(paths.iter().map(String::as_str));
            paths.extend(clock.map(|ms| Layout::data_file(Some("2025-01"), &names.next(at(ms)).to_string())));
        }
        assert!(paths.is_sorted() && paths.windows(2).all(|pair| pair[0] != pair[1]), "{paths:?}");
    }
}
