//! `metrify login` and `metrify logout`.

use metrify_api::logins::LoginBody;
use metrify_application::{Error, Kind, Result};

use crate::cli::Login;
use crate::client::Client;
use crate::clock;
use crate::exit::Outcome;
use crate::logins::{Kept, Logins};
use crate::settings::{Elsewhere, Settings};
use crate::{password, print};

pub async fn log_in(settings: &Settings, Login { user, tenant }: Login) -> Result<Outcome> {
    let server = server(settings)?;
    let password = password::ask(&format!("Password of {user} at {}", server.url))?;
    let now = clock::now();
    let opened = Client::log_in(server, &LoginBody { tenant, user, password }).await?;
    let until = opened.session_expires_at.clone();
    Logins::hold()?.keep(&server.url, Kept::of(opened, now))?;
    print::line(&format!("Logged in at {} until {until}.", server.url))?;
    Ok(Outcome::Good)
}

pub async fn log_out(settings: &Settings) -> Result<Outcome> {
    let server = server(settings)?;
    let mut logins = Logins::hold()?;
    let kept = logins.of(&server.url).cloned();
    let kept = kept.ok_or_else(|| Error::new(Kind::NotFound, format!("find a login at {}", server.url)))?;
    let ended = Client::log_out(server, &kept.refresh_token).await;
    // What the server does not know opens nothing, either.
    let is_over = ended.as_ref().err().is_some_and(|error| error.kind() == Kind::Denied);
    if ended.is_ok() || is_over {
        logins.forget(&server.url)?;
    }
    if !is_over {
        ended?;
    }
    print::line(&format!("Logged out at {}.", server.url))?;
    Ok(Outcome::Good)
}

fn server(settings: &Settings) -> Result<&Elsewhere> {
    settings.elsewhere.as_ref().ok_or_else(|| {
        let error = Error::new(Kind::Invalid, "find the server: none is named");
        error.hint("name it with --server URL or METRIFY_SERVER; on the machine itself, commands need no login")
    })
}
