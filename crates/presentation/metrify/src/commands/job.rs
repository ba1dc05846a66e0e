//! `metrify job`.

use metrify_api::{JobBody, JobFilters};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::Output;
use crate::cli::job::Job;
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Job) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Job::List { kind, state, by, limit, standing } => {
            list(output, access.jobs(&JobFilters { kind, state, by }, &standing, limit).await?)?;
        }
        Job::Show { id } => show(output, access.job(&id).await?)?,
        Job::Cancel { id } => show(output, access.cancel_job(&id).await?)?,
    }
    access.close().await?;
    Ok(Outcome::Good)
}

/// One of them, alone.
pub fn show(output: Output, job: JobBody) -> Result<()> {
    if output == Output::Json { print::json(&job) } else { list(output, vec![job]) }
}

fn list(output: Output, jobs: Vec<JobBody>) -> Result<()> {
    if output == Output::Json {
        return print::json(&jobs);
    }
    let columns = ["id", "kind", "by", "state", "started_at", "ended_at", "account", "error", "kept"];
    let text = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    let rows = jobs.into_iter().map(|job| {
        // What there is none of is told as JSON alone.
        let some = job.account.iter().filter(|(_, count)| **count > 0);
        let account: Vec<String> = some.map(|(counted, count)| format!("{count} {counted}")).collect();
        vec![
            Cell::Text(job.id),
            Cell::Text(job.kind),
            Cell::Text(job.by),
            Cell::Text(job.state),
            Cell::Text(job.started_at),
            text(job.ended_at),
            Cell::Text(account.join(", ")),
            text(job.error),
            Cell::Bool(job.kept),
        ]
    });
    print::rows(output, &columns, rows.collect())
}
