//! The object store fails, loses an answer, hangs or does a thing twice, at one call after the other: nothing is lost, nothing is there
//! twice, and the next landing goes on. `FAULTS_STRIDE=1` tries every call, else every so many are left out.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::collections::HashMap;
use std::path::Path as Folder;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::{ObjectStoreFactory, ObjectStoreRef, StorageConfig, object_store_factories};
use deltalake::{DeltaResult, Path};
use metrify_application::Tenant;
use metrify_application::ports::{Key, Landing, Memory, Versions};
use metrify_application::record::{Accepted, DeliveryId, Position, Standing};
use metrify_domain::{Batch, BatchBuilder, Channel, Decimal, Document, IntervalAmount, Timestamp, Unit};
use metrify_lake::{DeltaLake, Layout, TableName};

use self::store::{Fault, FaultyStore};

#[path = "faults/store.rs"]
mod store;

const HOUR: i64 = 3_600_000_000;

struct Factory;

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &url::Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let store = FaultyStore(LocalFileSystem::new());
        Ok((Arc::new(store), Path::from_url_path(url.path()).expect("a path")))
    }
}

fn clock() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

fn tenant() -> Tenant {
    "default".parse().expect("a tenant")
}

async fn open(folder: &Folder) -> DeltaLake {
    let lake = DeltaLake::new(Layout::within(folder), clock, 0);
    // Rows of the smallest file, too, are marked as deleted where it has enough others.
    let lake = lake.with_patience(Duration::from_millis(1_500)).with_small_rows(0);
    lake.open(&tenant()).await.expect("tables");
    lake
}

/// What entries said, as somebody would write it down who watches: the journal, and what holds.
#[derive(Clone, Default)]
struct Truth {
    entries: Vec<Arc<Accepted>>,
    holding: HashMap<i64, i64>,
    versions: usize,
}

impl Truth {
    /// An entry that says a value of each of these hours.
    fn say(&mut self, said: &[(i64, i64)]) -> (Position, Arc<Accepted>) {
        let standing = |hour: &i64| match self.holding.contains_key(hour) {
            true => Standing::Correction,
            false => Standing::First,
        };
        let entry = Accepted {
            delivery: DeliveryId::from_stored(format!("{:032}", self.entries.len())),
            received_at: clock(),
            batch: batch(said),
            standings: said.iter().map(|(hour, _)| standing(hour)).collect(),
            ..Accepted::default()
        };
        self.holding.extend(said.iter().copied());
        self.versions += said.len();
        self.entries.push(Arc::new(entry.clone()));
        (self.entries.len() as Position, Arc::new(entry))
    }
}

fn batch(said: &[(i64, i64)]) -> Batch {
    let channel =
        Channel { point: "SM-1".parse().expect("a point"), quantity: "1-0:1.29.0".parse().expect("a quantity") };
    let mut builder = BatchBuilder::default();
    for (hour, value) in said {
        let at = |hour: i64| Timestamp::from_micros(clock().micros() + hour * HOUR);
        let amount = IntervalAmount::new(at(*hour), at(hour + 1), Decimal::from(*value), Unit::literal("kWh"));
        builder.push(&channel, &Document::default(), &amount.expect("an hour").into());
    }
    builder.take()
}

fn apply(lake: &DeltaLake, (position, entry): (Position, Arc<Accepted>)) {
    lake.apply(&tenant(), position, &entry).expect("open tables");
    lake.publish(&tenant()).expect("open tables");
}

/// Two months of readings in so many small files that they are about to be compacted, and corrections that wait in memory.
async fn prepared(folder: &Folder) -> Truth {
    let (lake, mut truth) = (open(folder).await, Truth::default());
    for round in 0..8 {
        let said: Vec<(i64, i64)> = (0..6).map(|hour| (round * 6 + hour, 1)).chain([(800 + round, 2)]).collect();
        apply(&lake, truth.say(&said));
        lake.land(&tenant(), 0).await.expect("a landing");
    }
    truth
}

fn key(hour: i64) -> Key {
    let batch = batch(&[(hour, 0)]);
    Key { channel: batch.channels()[0].clone(), period: batch.rows()[0].period }
}

async fn assert_true(lake: &DeltaLake, truth: &Truth, when: &str) {
    let keys: HashMap<i64, Key> = truth.holding.keys().map(|hour| (*hour, key(*hour))).collect();
    let all: Vec<Key> = keys.values().cloned().collect();
    let current = lake.current(&tenant(), &all).await.expect("an answer");
    for (hour, value) in &truth.holding {
        let value = Some(Decimal::from(*value));
        let held = current.get(&keys[hour]).and_then(|version| version.reading.value);
        assert_eq!(held, value, "{when}: hour {hour}");
    }
    let rows = |table| lake.view(&tenant()).expect("tables").snapshot(table).map_or(0, |table| table.rows());
    let landed = (rows(TableName::Readings), rows(TableName::Superseded));
    let expected = (truth.holding.len() as u64, (truth.versions - truth.holding.len()) as u64);
    assert_eq!(landed, expected, "{when}: rows that hold, and that held");
}

fn copy(from: &Folder, to: &Folder) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let (source, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).expect("an entry");
        if source.is_dir() {
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).expect("room on disk");
        }
    }
}

/// Lands and compacts with a fault at the n-th call, then without; tells whether there were so many calls.
async fn survives(fault: Fault, call: u64, base: &Folder, truth: &Truth) -> bool {
    let when = format!("{fault:?} at call {call}");
    let folder = tempfile::tempdir().expect("a folder");
    copy(base, folder.path());
    let (lake, mut truth) = (open(folder.path()).await, truth.clone());
    apply(&lake, truth.say(&[(3, 7), (47, 7), (803, 7), (900, 3)]));
    store::arm(fault, call);
    let disturbed = (lake.land(&tenant(), 0).await, lake.compact(&tenant()).await);
    let fired = store::disarm();
    lake.vacuum(&tenant()).await.expect("a vacuum");
    let view = lake.view(&tenant()).expect("tables");
    let waiting: usize = view.holding().expect("rows").iter().map(RecordBatch::num_rows).sum();
    // Three of what waits in memory stand for rows that the tables have still.
    let seen = view.snapshot(TableName::Readings).map_or(0, |table| table.rows()) + waiting as u64;
    assert_eq!(seen - if waiting > 0 { 3 } else { 0 }, truth.holding.len() as u64, "{when}: what is seen meanwhile");
    if !fired {
        assert!(disturbed.0.is_ok() && disturbed.1.is_ok(), "{when}: {disturbed:?}");
    }
    // A process that dies here starts again with what the journal has after the lake's position.
    let again = open(folder.path()).await;
    let landed = again.open(&tenant()).await.expect("tables");
    for (position, entry) in (1..).zip(&truth.entries).filter(|(position, _)| *position > landed) {
        apply(&again, (position, entry.clone()));
    }
    let restarted = tempfile::tempdir().expect("a folder");
    copy(folder.path(), restarted.path());
    // One that lives goes on, with what came meanwhile.
    let mut later = truth.clone();
    apply(&lake, later.say(&[(4, 8), (47, 9), (901, 4)]));
    lake.land(&tenant(), 0).await.expect("a landing without a fault");
    lake.compact(&tenant()).await.expect("a compaction without a fault");
    assert_true(&lake, &later, &format!("{when}, gone on")).await;
    let again = open(restarted.path()).await;
    for (position, entry) in (1..).zip(&truth.entries).filter(|(position, _)| *position > landed) {
        apply(&again, (position, entry.clone()));
    }
    again.land(&tenant(), 0).await.expect("a landing after a restart");
    again.compact(&tenant()).await.expect("a compaction after a restart");
    assert_true(&again, &truth, &format!("{when}, restarted")).await;
    fired
}

/// One test after the other: what goes wrong is armed for the whole process.
static ONE: Mutex<()> = Mutex::new(());

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime")
}

#[allow(clippy::disallowed_methods, reason = "how thorough it is says who starts it")]
fn stride() -> u64 {
    std::env::var("FAULTS_STRIDE").map_or(20, |stride| stride.parse().expect("a number"))
}

#[test]
fn a_store_that_fails_at_any_call_loses_and_doubles_nothing() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    object_store_factories().insert(url::Url::parse("file://").expect("a URL"), Arc::new(Factory));
    // It is never shut down: calls that hang hold its threads until the process ends.
    Box::leak(Box::new(runtime())).block_on(async {
        let base = tempfile::tempdir().expect("a folder");
        let truth = prepared(base.path()).await;
        let stride = stride();
        for (offset, fault) in (0..).zip([Fault::Fails, Fault::AnswerLost, Fault::Twice, Fault::Hangs]) {
            let mut call = 1 + offset % stride;
            let mut survived = 0;
            while survives(fault, call, base.path(), &truth).await {
                survived += 1;
                call += stride;
            }
            let tried = if stride == 1 { "all that there are".to_owned() } else { format!("one of {stride}") };
            println!("{fault:?}: {survived} of {survived} calls survived, {tried}");
            assert!((survived + 1) * stride > 40, "{survived} calls are too few to be all");
        }
    });
}

#[test]
fn a_table_that_another_writer_compacts_meanwhile_is_gone_on_with() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let mut truth = prepared(folder.path()).await;
        let lake = open(folder.path()).await;
        apply(&lake, truth.say(&[(3, 7), (49, 7), (810, 3)]));
        lake.land(&tenant(), 0).await.expect("a landing");
        apply(&lake, truth.say(&[(4, 8), (49, 9), (811, 4)]));
        let other = open(folder.path()).await;
        let done = other.compact(&tenant()).await.expect("a compaction");
        assert!(done.files_removed > 8, "{done:?}");
        lake.land(&tenant(), 0).await.expect("a landing on what the other left");
        apply(&lake, truth.say(&[(5, 6), (812, 5)]));
        lake.compact(&tenant()).await.expect("a compaction");
        lake.land(&tenant(), 0).await.expect("a landing");
        assert_true(&lake, &truth, "gone on").await;
        assert_true(&open(folder.path()).await, &truth, "opened again").await;
    });
}

/// Another writer need not tell how many rows a file has.
#[test]
fn a_file_without_statistics_loses_no_row_but_the_corrected() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    runtime().block_on(async {
        for rows in [10, 40] {
            let folder = tempfile::tempdir().expect("a folder");
            let (lake, mut truth) = (open(folder.path()).await, Truth::default());
            apply(&lake, truth.say(&(0..rows).map(|hour| (hour, 1)).collect::<Vec<_>>()));
            lake.land(&tenant(), 0).await.expect("a landing");
            drop(lake);
            let log = Layout::within(folder.path()).table(&tenant(), TableName::Readings).join("_delta_log");
            for entry in std::fs::read_dir(log).expect("a log").map(|entry| entry.expect("an entry").path()) {
                if entry.extension().is_some_and(|ending| ending == "json") {
                    let text = std::fs::read_to_string(&entry).expect("a version");
                    let without = |line: &str| {
                        let mut action: serde_json::Value = serde_json::from_str(line).expect("an action");
                        if let Some(add) = action.get_mut("add").and_then(|add| add.as_object_mut()) {
                            add.remove("stats");
                        }
                        format!("{action}\n")
                    };
                    std::fs::write(&entry, text.lines().map(without).collect::<String>()).expect("room on disk");
                }
            }
            let lake = open(folder.path()).await;
            for hour in [3, 7] {
                apply(&lake, truth.say(&[(hour, 5)]));
                lake.land(&tenant(), 0).await.expect("a landing");
            }
            let all: Vec<Key> = truth.holding.keys().map(|hour| key(*hour)).collect();
            let current = lake.current(&tenant(), &all).await.expect("an answer");
            let told = truth.holding.iter().map(|(hour, value)| (key(*hour), Some(Decimal::from(*value))));
            assert_eq!(
                current.iter().map(|(key, held)| (key.clone(), held.reading.value)).collect::<HashMap<_, _>>(),
                told.collect()
            );
        }
    });
}

static NOW_MINUTES: AtomicI64 = AtomicI64::new(0);

/// A file of which rows were deleted stays for `keep_h` hours after it was replaced, and not after the first of them was deleted.
#[test]
fn a_file_is_kept_from_when_it_was_replaced_last() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let now = || Timestamp::from_micros(clock().micros() + NOW_MINUTES.load(Ordering::SeqCst) * 60_000_000);
        let lake = DeltaLake::new(Layout::within(folder.path()), now, 1).with_small_rows(0);
        lake.open(&tenant()).await.expect("tables");
        let mut truth = Truth::default();
        let mut say = |minutes: i64, hours: std::ops::Range<i64>| {
            NOW_MINUTES.store(minutes, Ordering::SeqCst);
            apply(&lake, truth.say(&hours.map(|hour| (hour, minutes)).collect::<Vec<_>>()));
        };
        let files =
            || lake.view(&tenant()).expect("tables").snapshot(TableName::Readings).expect("a table").files.clone();
        say(0, 0..40);
        lake.land(&tenant(), 0).await.expect("a landing");
        let first = files()[0].path.clone();
        let path = Layout::within(folder.path()).table(&tenant(), TableName::Readings).join(&first);
        say(10, 3..4);
        lake.land(&tenant(), 0).await.expect("a landing");
        assert!(files().iter().any(|file| file.path == first && file.deleted.is_some()), "one row of it is deleted");
        say(120, 10..20);
        lake.land(&tenant(), 0).await.expect("a landing");
        assert!(files().iter().all(|file| file.path != first), "it is written again");
        for (minutes, exists) in [(121, true), (179, true), (181, false)] {
            NOW_MINUTES.store(minutes, Ordering::SeqCst);
            lake.vacuum(&tenant()).await.expect("a vacuum");
            assert_eq!(path.exists(), exists, "after {minutes} minutes");
        }
    });
}

/// Landings and corrections go on while files are joined. Where one of those was changed meanwhile, what they were joined into is
/// thrown away.
#[test]
fn landings_go_on_while_files_are_joined() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let truth = prepared(folder.path()).await;
        let lake = Arc::new(open(folder.path()).await);
        let (landing, mut said) = (lake.clone(), truth);
        #[allow(clippy::disallowed_methods, reason = "it is ended and awaited below")]
        let landings = tokio::spawn(async move {
            for round in 0..24 {
                // A correction of what was joined just now or is being joined, and something new.
                apply(&landing, said.say(&[(round % 48, 100 + round), (900 + round, 1)]));
                landing.land(&tenant(), 0).await.expect("a landing");
            }
            said
        });
        let mut joined = 0;
        while !landings.is_finished() {
            joined += lake.compact(&tenant()).await.expect("a compaction").files_removed;
            lake.vacuum(&tenant()).await.expect("a vacuum");
        }
        let truth = landings.await.expect("all landings");
        assert!(joined > 8, "{joined} files were joined");
        assert_true(&lake, &truth, "gone on").await;
        assert_true(&open(folder.path()).await, &truth, "opened again").await;
        lake.compact(&tenant()).await.expect("a compaction");
        assert_true(&lake, &truth, "compacted").await;
    });
}
