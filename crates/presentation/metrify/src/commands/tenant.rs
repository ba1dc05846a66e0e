//! `metrify tenant`.

use metrify_api::people::{NewTenantBody, TenantBody};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Output, Tenant};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Tenant) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Tenant::Create { name, title, parties } => {
            list(output, vec![access.create_tenant(&NewTenantBody { name, title, parties }).await?])?;
        }
        Tenant::List(standing) => list(output, access.tenants(&standing).await?)?,
    }
    access.close().await?;
    Ok(Outcome::Good)
}

fn list(output: Output, tenants: Vec<TenantBody>) -> Result<()> {
    let rows = tenants.into_iter().map(|tenant| {
        let title = tenant.title.map_or(Cell::Null, Cell::Text);
        let status = Cell::Text(format!("{:?}", tenant.status).to_lowercase());
        vec![Cell::Text(tenant.name), title, Cell::Text(tenant.parties.join(" ")), status]
    });
    print::rows(output, &["name", "title", "parties", "status"], rows.collect())
}
