//! The way through a running server: its address and token stand beside the data, readable by their owner alone.

mod certificates;
mod deliveries;
mod grants;
mod jobs;
mod rejects;
mod trust;
mod upload;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use metrify_api::entries::{EntryBody, EntryQuery};
use metrify_api::logins::{LoginBody, NewUserBody, OpenedBody, PasswordBody, RenewalBody, UserBody, UserChangeBody};
use metrify_api::people::{AuditedBody, IssuedBody, KeyBody, NewKeyBody, NewTenantBody, TenantBody, TenantParameters};
use metrify_api::{
    Answer, ChangesBody, Confirmed, DeliveryParameters, DeliveryReplay, ExportRequest, Listed, Point, ReceiptBody,
    SqlRequest,
};
use metrify_application::ports::Pages;
use metrify_application::{Error, Kind, Result, io};
use metrify_governance::UserName;
use reqwest::{RequestBuilder, Response};
use serde::{Deserialize, Serialize};

use crate::cli::{Keys, Standing, Users};
use crate::clock;
use crate::logins::{Kept, Logins};
use crate::settings::{Elsewhere, Settings};

pub use trust::Trust;
use trust::{http, unreachable};

/// How long a server that claims to hold the data may take to say so.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a server may take to let somebody in: other commands wait for the file of logins meanwhile.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Entries of the audit log that are asked for at once.
const ENTRIES_OF_A_PAGE: usize = 1_000;

/// What a server writes beside its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerFile {
    pub url: String,
    pub token: String,
    pub process: u32,
    /// Where PostgreSQL's protocol and Arrow Flight SQL are spoken, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flight: Option<SocketAddr>,
}

impl ServerFile {
    pub const NAME: &str = "server.json";

    /// Of a server that holds no data directory of this machine.
    fn elsewhere(url: &str, token: String) -> Self {
        Self { url: url.to_owned(), token, process: 0, postgres: None, flight: None }
    }
}

/// How a server says that it stands.
#[derive(Debug, Deserialize)]
pub struct Health {
    pub version: String,
    pub up_since: String,
    pub parts: BTreeMap<String, Part>,
}

/// `up`, or else what is the matter.
#[derive(Debug, Deserialize)]
pub struct Part {
    pub status: String,
    pub reason: Option<String>,
}

pub struct Client {
    http: reqwest::Client,
    server: ServerFile,
    place: Place,
}

/// Where a server is, and how it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On this machine, beside its data.
    Here,
    Elsewhere,
    /// Elsewhere, by a login, which is renewed while it is used.
    ElsewhereByLogin,
}

/// Names of users go into a path as they are.
fn user_path(name: &str) -> Result<String> {
    let name: UserName = name.parse().map_err(|error| Error::new(Kind::Invalid, "read the name").because(error))?;
    Ok(format!("/api/v1/users/{name}"))
}

/// What opens a server by the login that is kept for it, renewed where it ends soon; `None` where there is none.
async fn kept(http: &reqwest::Client, url: &str) -> Result<Option<String>> {
    let mut logins = Logins::hold()?;
    let Some(kept) = logins.of(url).cloned() else { return Ok(None) };
    let now = clock::now();
    if kept.opens(now) {
        return Ok(Some(kept.access_token));
    }
    let renewed = Kept::of(Client::unknown(http.clone(), url).renew(&kept.refresh_token).await?, now);
    logins.keep(url, renewed.clone())?;
    Ok(Some(renewed.access_token))
}

/// What opens a server elsewhere: a key, a login that is kept, or the certificate that opens the connection.
async fn opening(http: &reqwest::Client, Elsewhere { url, key, trust }: &Elsewhere) -> Result<(String, Place)> {
    if let Some(key) = key {
        return Ok((key.clone(), Place::Elsewhere));
    }
    match kept(http, url).await? {
        Some(token) => Ok((token, Place::ElsewhereByLogin)),
        None if trust.certificate.is_some() => Ok((String::new(), Place::Elsewhere)),
        None => {
            let error =
                Error::new(Kind::Denied, format!("ask the server {url}: neither a key nor a login is there for it"));
            Err(error.hint(format!("`metrify --server {url} login NAME`, or put a key into METRIFY_KEY")))
        }
    }
}

impl Client {
    /// The server that holds a data directory; `None` where none does.
    ///
    /// # Errors
    /// Where the server's file cannot be understood.
    pub async fn of(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(ServerFile::NAME);
        let step = || format!("read `{}`", path.display());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(step(), error)),
        };
        let server: ServerFile =
            serde_json::from_str(&text).map_err(|error| Error::new(Kind::Corrupt, step()).because(error))?;
        let client = Self { http: http(&Trust::default())?, server, place: Place::Here };
        let alive = client.http.get(client.url("/health/live")).timeout(ANSWER_TIMEOUT).send().await;
        // A server that was killed leaves its file behind, and another one may listen where it did.
        let Ok(alive) = alive else {
            return Ok(None);
        };
        let said: serde_json::Value = alive.json().await.unwrap_or_default();
        Ok((said["process"] == client.server.process).then_some(client))
    }

    /// The server that is named, wherever it is, or else the one that holds the data directory.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub async fn called(settings: &Settings) -> Result<Option<Self>> {
        match &settings.elsewhere {
            Some(elsewhere) => {
                let http = http(&elsewhere.trust)?;
                let (token, place) = opening(&http, elsewhere).await?;
                Ok(Some(Self { http, server: ServerFile::elsewhere(&elsewhere.url, token), place }))
            }
            None => Self::of(&settings.data_dir).await,
        }
    }

    /// # Errors
    /// Where the server cannot be reached, or does not know this name with this password.
    pub async fn log_in(server: &Elsewhere, who: &LoginBody) -> Result<OpenedBody> {
        let client = Self::unknown(http(&server.trust)?, &server.url);
        client.json(client.http.post(client.url("/api/v1/login")).json(who).timeout(LOGIN_TIMEOUT), "log in").await
    }

    /// # Errors
    /// Where the server cannot be reached, or the session is over.
    pub async fn log_out(server: &Elsewhere, refresh_token: &str) -> Result<()> {
        let body = RenewalBody { refresh_token: refresh_token.to_owned() };
        let client = Self::unknown(http(&server.trust)?, &server.url);
        let request = client.http.post(client.url("/api/v1/logout")).json(&body).timeout(LOGIN_TIMEOUT);
        client.answer(request, "log out").await.map(drop)
    }

    async fn renew(&self, refresh_token: &str) -> Result<OpenedBody> {
        let body = RenewalBody { refresh_token: refresh_token.to_owned() };
        let request = self.http.post(self.url("/api/v1/login/refresh")).json(&body).timeout(LOGIN_TIMEOUT);
        self.json(request, "renew the login").await
    }

    /// Of somebody whom the server does not know yet.
    fn unknown(http: reqwest::Client, url: &str) -> Self {
        Self { http, server: ServerFile::elsewhere(url, String::new()), place: Place::Elsewhere }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    async fn answer(&self, request: RequestBuilder, step: &str) -> Result<Response> {
        let request = if self.server.token.is_empty() { request } else { request.bearer_auth(&self.server.token) };
        let answer = request.send().await.map_err(|error| unreachable(step, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.text().await.map_err(|error| unreachable(step, error))?;
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let kind = match status.as_u16() {
            401 | 403 => Kind::Denied,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            429 => Kind::Busy,
            400..=499 => Kind::Invalid,
            // The other two are said by what stands between.
            502..=504 => Kind::Unavailable,
            _ => Kind::Internal,
        };
        let detail = problem["detail"].as_str().map_or_else(|| format!("{step}: status {status}"), str::to_owned);
        let error = Error::new(kind, detail);
        // What a server says of every error of a kind is of its own face.
        Err(match problem["hint"].as_str().filter(|hint| *hint != metrify_api::general_hint(kind)) {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }

    async fn json<T: for<'d> Deserialize<'d>>(&self, request: RequestBuilder, step: &str) -> Result<T> {
        let answer = self.answer(request, step).await?;
        answer.json().await.map_err(|error| unreachable(step, error))
    }

    /// How its parts stand, in order or not.
    ///
    /// # Errors
    /// Where the server cannot be reached, or says something else.
    pub async fn health(&self) -> Result<Health> {
        let step = "ask the server how it stands";
        let answer = self.http.get(self.url("/health")).timeout(LOGIN_TIMEOUT).send().await;
        let answer = answer.map_err(|error| unreachable(step, error))?;
        answer.json().await.map_err(|error| Error::new(Kind::Internal, step).because(error))
    }

    pub async fn ingest(&self, file: &Path, parameters: &DeliveryParameters) -> Result<ReceiptBody> {
        let step = || format!("read `{}`", file.display());
        let body = tokio::fs::File::open(file).await.map_err(|error| io(step(), error))?;
        let bytes = body.metadata().await.map_err(|error| io(step(), error))?.len();
        if self.place != Place::Here && bytes > upload::WHOLE_BYTES_MAX {
            return self.upload(file, bytes, parameters).await;
        }
        self.deliver(body.into(), parameters).await
    }

    /// Sends bytes that lie in memory as one delivery.
    ///
    /// # Errors
    /// Where the server cannot be reached, or does not take the delivery.
    pub async fn send(&self, bytes: Vec<u8>, parameters: &DeliveryParameters) -> Result<ReceiptBody> {
        self.deliver(bytes.into(), parameters).await
    }

    async fn deliver(&self, body: reqwest::Body, parameters: &DeliveryParameters) -> Result<ReceiptBody> {
        let request = self.http.post(self.url("/api/v1/deliveries")).query(parameters).body(body);
        self.json(request, "send the delivery").await
    }

    pub async fn sql(&self, request: &SqlRequest, pages: &mut Pages<'_>) -> Result<()> {
        let step = "send the query";
        let request = self.http.post(self.url("/api/v1/sql")).json(request);
        let text = self.answer(request, step).await?.text().await.map_err(|error| unreachable(step, error))?;
        for line in text.lines() {
            let page = serde_json::from_str::<Answer>(line).and_then(|answer| answer.page());
            pages(page.map_err(|error| Error::new(Kind::Internal, "read the answer").because(error))?)?;
        }
        Ok(())
    }

    pub async fn export(&self, request: &ExportRequest, file: &Path) -> Result<()> {
        let step = || format!("write `{}`", file.display());
        let mut answer =
            self.answer(self.http.post(self.url("/api/v1/export")).json(request), "ask for the export").await?;
        let mut out = tokio::fs::File::create(file).await.map_err(|error| io(step(), error))?;
        while let Some(piece) = answer.chunk().await.map_err(|error| unreachable("receive the export", error))? {
            tokio::io::AsyncWriteExt::write_all(&mut out, &piece).await.map_err(|error| io(step(), error))?;
        }
        out.sync_all().await.map_err(|error| io(step(), error))
    }

    pub async fn replay_deliveries(&self, replay: &DeliveryReplay) -> Result<Vec<ChangesBody>> {
        let request = self.http.post(self.url("/api/v1/deliveries/replay")).json(replay);
        self.json(request, "replay the deliveries").await
    }

    pub async fn confirm(&self, points: &[String]) -> Result<u64> {
        let body = Point { points: points.to_vec() };
        let request = self.http.post(self.url("/api/v1/points/confirm")).json(&body);
        self.json(request, "confirm the points").await.map(|answer: Confirmed| answer.confirmed)
    }

    pub async fn create_key(&self, new: &NewKeyBody) -> Result<IssuedBody> {
        self.json(self.http.post(self.url("/api/v1/api-keys")).json(new), "create the key").await
    }

    pub async fn keys(&self, which: &Keys) -> Result<Vec<KeyBody>> {
        self.all("/api/v1/api-keys", which, "list the keys").await
    }

    pub async fn revoke_key(&self, id: &str, whose: &TenantParameters) -> Result<KeyBody> {
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::new(Kind::NotFound, format!("find the key `{id}`")));
        }
        let request = self.http.delete(self.url(&format!("/api/v1/api-keys/{id}")));
        self.json(request.query(whose), "take the key back").await
    }

    pub async fn create_user(&self, new: &NewUserBody) -> Result<UserBody> {
        self.json(self.http.post(self.url("/api/v1/users")).json(new), "create the user").await
    }

    pub async fn users(&self, which: &Users) -> Result<Vec<UserBody>> {
        self.all("/api/v1/users", which, "list the users").await
    }

    pub async fn user(&self, name: &str) -> Result<UserBody> {
        self.json(self.http.get(self.url(&user_path(name)?)), "find the user").await
    }

    pub async fn put_user(&self, name: &str, change: &UserChangeBody, version: u64) -> Result<UserBody> {
        let request = self.http.put(self.url(&user_path(name)?)).header("If-Match", format!("\"{version}\""));
        self.json(request.json(change), "change the user").await
    }

    pub async fn change_password(&self, passwords: &PasswordBody) -> Result<()> {
        let request = self.http.post(self.url("/api/v1/password")).json(passwords);
        self.answer(request, "change the password").await.map(drop)
    }

    pub async fn create_tenant(&self, new: &NewTenantBody) -> Result<TenantBody> {
        self.json(self.http.post(self.url("/api/v1/tenants")).json(new), "create the tenant").await
    }

    pub async fn tenants(&self, standing: &Standing) -> Result<Vec<TenantBody>> {
        self.all("/api/v1/tenants", standing, "list the tenants").await
    }

    pub async fn verify_audit(&self, whose: &TenantParameters) -> Result<AuditedBody> {
        self.json(self.http.get(self.url("/api/v1/audit/verify")).query(whose), "verify the audit log").await
    }

    /// So many of the entries that are asked for, however many pages they are; all of them where it is 0.
    pub async fn audit(&self, which: EntryQuery, limit: usize) -> Result<Vec<EntryBody>> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut all = Vec::new();
        let mut page = which;
        loop {
            page.limit = Some((limit - all.len()).min(ENTRIES_OF_A_PAGE) as u64);
            let request = self.http.get(self.url("/api/v1/audit")).query(&page);
            let listed: Listed<EntryBody> = self.json(request, "read the audit log").await?;
            all.extend(listed.results);
            page.cursor = listed.next;
            if page.cursor.is_none() || all.len() >= limit {
                return Ok(all);
            }
        }
    }

    /// All pages of a list.
    async fn all<T: for<'d> Deserialize<'d>>(
        &self,
        path: &str,
        wanted: &(impl Serialize + Sync),
        step: &str,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let request = self.http.get(self.url(path)).query(wanted);
            let request = request.query(&cursor.iter().map(|cursor| ("cursor", cursor)).collect::<Vec<_>>());
            let page: Listed<T> = self.json(request, step).await?;
            all.extend(page.results);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
    }
}
