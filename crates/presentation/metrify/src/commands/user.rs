//! `metrify user`.

use metrify_api::logins::{NewUserBody, PasswordBody, UserBody, UserChangeBody};
use metrify_api::master::StatusBody;
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Output, User};
use crate::exit::Outcome;
use crate::settings::Settings;
use crate::{password, print};

pub async fn run(settings: &Settings, output: Output, command: User) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        User::Create { name, title, role, purposes } => {
            let password = password::ask_new(&format!("Password of {name}"))?;
            let new = NewUserBody { name, password, title, role, purposes };
            list(output, vec![access.create_user(new).await?])?;
        }
        User::List(which) => list(output, access.users(&which).await?)?,
        User::Disable { name } => list(output, vec![set(&access, &name, Some(StatusBody::Inactive), None).await?])?,
        User::Enable { name } => list(output, vec![set(&access, &name, Some(StatusBody::Active), None).await?])?,
        User::Reset { name } => {
            let password = password::ask_new(&format!("New password of {name}"))?;
            list(output, vec![set(&access, &name, None, Some(password)).await?])?;
        }
        User::Password => {
            let old = password::ask("Password")?;
            let new = password::ask_new("New password")?;
            access.change_password(&PasswordBody { old, new }).await?;
            print::line("The password is changed; log in again.")?;
        }
    }
    access.close().await?;
    Ok(Outcome::Good)
}

/// The rest of what is told of it stays.
async fn set(access: &Access, name: &str, status: Option<StatusBody>, password: Option<String>) -> Result<UserBody> {
    let known = access.user(name).await?;
    let UserBody { title, role, purposes, known: version, status: now, .. } = known;
    let status = status.unwrap_or(now);
    let change = UserChangeBody { password, title, role, purposes, status };
    access.put_user(name, &change, version.version).await
}

fn list(output: Output, users: Vec<UserBody>) -> Result<()> {
    let rows = users.into_iter().map(|user| {
        let title = user.title.map_or(Cell::Null, Cell::Text);
        let status = Cell::Text(format!("{:?}", user.status).to_lowercase());
        let purposes = Cell::Text(user.purposes.join(" "));
        vec![Cell::Text(user.name), title, Cell::Text(user.role), purposes, status]
    });
    print::rows(output, &["name", "title", "role", "purposes", "status"], rows.collect())
}
