//! `metrify key`.

use metrify_api::NewCertificateBody;
use metrify_api::people::{KeyBody, NewKeyBody, TenantParameters};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Key, Output};
use crate::exit::Outcome;
use crate::settings::Settings;
use crate::{print, tls};

pub async fn run(settings: &Settings, output: Output, command: Key) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Key::Create { role, title, purposes, expires_at, tenant, certificate: Some(file) } => {
            let certificate = tls::certificate_of(&file)?.to_string();
            let new = NewCertificateBody { certificate, tenant, title, role, purposes, expires_at };
            list(output, vec![access.register_certificate(new).await?])?;
        }
        Key::Create { role, title, purposes, expires_at, tenant, certificate: None } => {
            let issued = access.create_key(&NewKeyBody { tenant, title, role, purposes, expires_at }).await?;
            match output {
                Output::Json => print::json(&issued)?,
                Output::Table | Output::Csv => print::line(&issued.key)?,
            }
        }
        Key::List(which) => list(output, access.keys(&which).await?)?,
        Key::Revoke { id, tenant } => list(output, vec![access.revoke_key(&id, &TenantParameters { tenant }).await?])?,
    }
    access.close().await?;
    Ok(Outcome::Good)
}

fn list(output: Output, keys: Vec<KeyBody>) -> Result<()> {
    let rows = keys.into_iter().map(|key| {
        let expires_at = key.expires_at.map_or(Cell::Null, Cell::Text);
        let status = Cell::Text(format!("{:?}", key.status).to_lowercase());
        let purposes = Cell::Text(key.purposes.join(" "));
        vec![Cell::Text(key.id), Cell::Text(key.title), Cell::Text(key.role), purposes, status, expires_at]
    });
    print::rows(output, &["id", "title", "role", "purposes", "status", "expires_at"], rows.collect())
}
