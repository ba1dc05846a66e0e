//! Routines and places, without a registry; jobs that are kept are tried through the program.

use super::super::routines::RUNS_REMEMBERED_MAX;
use super::*;

fn jobs() -> Jobs {
    Jobs::new("h1".to_owned(), [7; 32], || Timestamp::from_micros(1_000))
}

fn tenant(name: &str) -> Tenant {
    name.parse().expect("a tenant")
}

async fn land(jobs: &Jobs, work: impl Future<Output = Result<u64>>) -> Result<u64> {
    jobs.routine(JobKind::Land, &tenant("one"), |rows| Account::from([(Counted::Rows, *rows)]), work).await
}

fn full() -> Error {
    Error::new(Kind::Unavailable, "write a file: the disk is full")
}

fn standing(jobs: &Jobs) -> Standing {
    jobs.standings().pop().expect("a standing").2
}

fn states(jobs: &Jobs, of: JobState) -> usize {
    jobs.remembered(&tenant("one")).iter().filter(|known| known.thing.state == of).count()
}

#[tokio::test]
async fn a_run_that_panics_has_failed_and_the_next_one_goes_on() {
    let jobs = jobs();
    let mut told = jobs.told();
    let error = land(&jobs, async { panic!("index out of bounds") }).await.expect_err("it panicked");
    assert_eq!(error.kind(), Kind::Internal);
    assert_eq!(error.chain(), "land of tenant one: it panicked: index out of bounds");
    let failing = standing(&jobs).failing.expect("it fails");
    assert_eq!((failing.times, failing.reason.as_str()), (1, "it panicked: index out of bounds"));
    let heard = told.try_recv().expect("it is told");
    assert_eq!((heard.job.thing.state, heard.kept), (JobState::Failed, false));
    assert_eq!(land(&jobs, async { Ok(0) }).await.expect("it goes on"), 0);
    assert_eq!(standing(&jobs).failing, None);
    assert_eq!(standing(&jobs).succeeded_at, Some(Timestamp::from_micros(1_000)));
}

#[tokio::test]
async fn runs_are_remembered_where_something_was_done_or_failed_and_no_more_than_so_many() {
    let jobs = jobs();
    assert_eq!(land(&jobs, async { Ok(0) }).await.expect("nothing to do"), 0);
    assert_eq!(jobs.remembered(&tenant("one")), []);
    for rows in 1..=20 {
        assert_eq!(land(&jobs, async move { Ok(rows) }).await.expect("landed"), rows);
    }
    for _ in 0..1_000 {
        assert_eq!(land(&jobs, async { Err(full()) }).await.expect_err("no room").kind(), Kind::Unavailable);
    }
    // What fails all night pushes out none of what went well.
    assert_eq!([JobState::Done, JobState::Failed].map(|of| states(&jobs, of)), [RUNS_REMEMBERED_MAX; 2]);
    let failing = standing(&jobs).failing.expect("it fails");
    assert_eq!((failing.times, standing(&jobs).done, standing(&jobs).failed), (1_000, 20, 1_000));
    assert_eq!(jobs.remembered(&tenant("two")), []);
}

#[tokio::test]
async fn a_run_that_is_given_up_is_forgotten() {
    let jobs = jobs();
    let pending = land(&jobs, std::future::pending());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1), pending).await.is_err());
    assert_eq!(jobs.remembered(&tenant("one")), []);
    assert_eq!(standing(&jobs), Standing::default());
}

#[tokio::test]
async fn a_run_is_told_while_it_goes_on() {
    let jobs = jobs();
    let run = land(&jobs, async { Ok(states(&jobs, JobState::Running) as u64) });
    assert_eq!(run.await.expect("it sees itself"), 1);
}

fn enter(jobs: &Jobs, of: &str, id: &str) -> Result<(Place, Handle)> {
    jobs.0.enter(&tenant(of), id)
}

#[tokio::test]
async fn a_tenant_has_so_many_jobs_at_once_and_others_have_their_own() {
    let jobs = jobs();
    let ids: Vec<String> = (0..JOBS_AT_ONCE_MAX).map(|number| number.to_string()).collect();
    let mut places: Vec<_> = ids.iter().map(|id| enter(&jobs, "one", id).expect("a place")).collect();
    let refused = enter(&jobs, "one", "more").err().expect("no place is left");
    assert!(refused.kind() == Kind::Busy && refused.hint_text().is_some(), "{refused:?}");
    assert!(enter(&jobs, "two", "more").is_ok());
    places.pop();
    assert!(enter(&jobs, "one", "more").is_ok(), "its place is free again");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1), jobs.ended()).await.is_err());
    drop(places);
    jobs.ended().await;
}

#[tokio::test]
async fn a_job_that_is_stopped_learns_it_at_its_next_safe_point() {
    let jobs = jobs();
    let (_place, job) = enter(&jobs, "one", "j").expect("a place");
    job.add([(Counted::Rows, 3)]);
    job.add([(Counted::Rows, 4)]);
    job.go_on().expect("nobody stopped it");
    assert!(!jobs.stop(&tenant("two"), "j"), "it is another's");
    assert!(jobs.stop(&tenant("one"), "j"));
    // It may have been done all the same, before it came to a safe point.
    assert_eq!(job.outcome(&Ok(())).0, JobState::Done);
    let error = job.go_on().expect_err("it was stopped");
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(job.outcome::<()>(&Err(error)), (JobState::Cancelled, None));
    assert_eq!(jobs.so_far(&tenant("one"), "j").map(|account| account.get(Counted::Rows)), Some(7));
}

#[tokio::test]
async fn a_house_that_closes_stops_all_and_begins_none() {
    let jobs = jobs();
    let (place, job) = enter(&jobs, "one", "j").expect("a place");
    jobs.close();
    assert!(!jobs.stop(&tenant("one"), "j"), "it is stopped already");
    let error = job.stopped().await;
    assert_eq!(job.outcome::<()>(&Err(error)), (JobState::Interrupted, None));
    assert_eq!(enter(&jobs, "one", "k").err().map(|error| error.kind()), Some(Kind::Unavailable));
    drop(place);
    jobs.ended().await;
}

#[test]
fn ids_differ_and_grow_with_time() {
    let (one, other) = (jobs(), Jobs::new("h1".to_owned(), [8; 32], || Timestamp::from_micros(2_000)));
    let id = |jobs: &Jobs| jobs.0.record(JobKind::Export, "key:1".to_owned()).id;
    let (first, second, later) = (id(&one), id(&one), id(&other));
    assert!(first != second && later > first && later > second, "{first} {second} {later}");
}
