//! Settings: the environment's file, then a file that is named, then variables, then flags. Unknown keys are refused.

use std::path::{Path, PathBuf};

use metrify_application::{Error, Kind, Result, io};
use serde::{Deserialize, Serialize};
use serde_norway::{Mapping, Value};

use crate::cli::Global;
use crate::client::Trust;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub data_dir: PathBuf,
    /// The server that commands are answered by; the data directory's own where there is none.
    #[serde(skip)]
    pub elsewhere: Option<Elsewhere>,
    pub server: Server,
    pub intake: Intake,
    pub landing: Landing,
    pub archive: Archive,
    pub registry: Registry,
    pub identity: Identity,
    pub governance: Governance,
    pub query: Query,
    pub sql: Sql,
    pub log: Log,
}

/// A server that holds no data directory of this machine.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    pub url: String,
    /// What opens it; a login that is kept for it where there is none, or else the client's certificate.
    pub key: Option<String>,
    pub trust: Trust,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: std::net::SocketAddr,
    /// Requests a second; 0 for no limit.
    pub key_rate: u32,
    pub tenant_rate: u32,
    /// Seconds.
    pub head_time_s: u64,
    pub body_time_s: u64,
    pub connections: usize,
    pub at_once: usize,
    /// Such as `https://console.example.org`.
    pub cors_origins: Vec<String>,
    pub tls: Tls,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM, its own certificate first.
    pub certificate_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Of the authorities whose clients are let in; all are where there is none.
    pub client_ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    pub unknown_points: UnknownPoints,
    pub keys_file: Option<PathBuf>,
    /// Megabytes.
    pub uploads_mb: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPoints {
    Register,
    Quarantine,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landing {
    /// Seconds.
    pub interval_s: u64,
    /// Hours.
    pub keep_h: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Megabytes.
    pub limit_mb: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// `postgres://user:password@host/database`; embedded where there is none.
    #[serde(serialize_with = "hidden")]
    pub url: Option<String>,
}

/// What is printed tells nothing that opens a door: an address may hold a password, in more than one place.
fn hidden<S: serde::Serializer>(url: &Option<String>, to: S) -> std::result::Result<S::Ok, S::Error> {
    url.as_ref().map(|_| "(set)").serialize(to)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// What passes are signed with; in the data directory where there is none.
    pub key_file: Option<PathBuf>,
    pub issuers: Vec<Issuer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    pub url: String,
    pub audience: String,
    pub tenant: String,
    pub role_claim: Option<String>,
    pub purpose_claim: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Governance {
    /// Policies of the house, beside those that are shipped.
    pub policies_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Megabytes.
    pub memory_mb: usize,
    /// 0: one for each core.
    pub threads: usize,
    pub at_once: usize,
    /// Seconds.
    pub time_s: u64,
    pub rows_max: u64,
    /// Megabytes.
    pub export_mb: u64,
}

/// Where SQL is answered beside the HTTP interface; nowhere where there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sql {
    pub postgres_listen: Option<std::net::SocketAddr>,
    pub flight_listen: Option<std::net::SocketAddr>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

const ENVIRONMENTS: [(&str, &str); 3] = [
    ("development", include_str!("../../../../config/environments/development.yaml")),
    ("staging", include_str!("../../../../config/environments/staging.yaml")),
    ("production", include_str!("../../../../config/environments/production.yaml")),
];

/// Variables that are not settings.
const OTHER_VARIABLES: [&str; 9] = [
    "METRIFY_ENVIRONMENT",
    "METRIFY_CONFIG",
    "METRIFY_DATA_DIR",
    "METRIFY_OUTPUT",
    "METRIFY_SERVER",
    "METRIFY_KEY",
    "METRIFY_SERVER_CA",
    "METRIFY_CLIENT_CERTIFICATE",
    "METRIFY_CLIENT_KEY",
];

/// # Errors
/// Where a file cannot be read, a key is unknown, or a value does not suit its key.
pub fn load(global: &Global) -> Result<Settings> {
    let environment = &global.environment;
    let named = ENVIRONMENTS.iter().find(|(name, _)| name == environment);
    let (_, defaults) = named.ok_or_else(|| {
        let error = Error::new(Kind::Invalid, format!("find the environment `{environment}`"));
        error.hint(format!("there are {}", ENVIRONMENTS.map(|(name, _)| name).join(", ")))
    })?;
    let mut values = parse(defaults, environment)?;
    let known = values.clone();
    if let Some(file) = &global.config {
        let text = std::fs::read_to_string(file).map_err(|error| io(format!("read `{}`", file.display()), error))?;
        overlay(&mut values, parse(&text, &file.display().to_string())?, &known, "")?;
    }
    for (name, value) in variables()? {
        let key = key_of(&name, &known)?;
        set(&mut values, &key, parse_value(&value));
    }
    let mut settings: Settings = serde_norway::from_value(Value::Mapping(values))
        .map_err(|error| Error::new(Kind::Invalid, "read the settings").because(error))?;
    if let Some(folder) = &global.data_dir {
        settings.data_dir.clone_from(folder);
    }
    settings.elsewhere = elsewhere(global)?;
    Ok(settings)
}

/// A key or a certificate opens nothing but a server that is named; the command line cannot say so itself of what may stand before a
/// command and behind it.
fn elsewhere(global: &Global) -> Result<Option<Elsewhere>> {
    let trust = trust(global)?;
    let is_trusting = trust.authorities.is_some() || trust.certificate.is_some();
    match (&global.server, &global.key) {
        (Some(url), key) => {
            if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
                let error = Error::new(Kind::Invalid, format!("ask the server `{url}`: that is no address of one"));
                return Err(error.hint("one begins with https:// or http://"));
            }
            Ok(Some(Elsewhere { url: url.trim_end_matches('/').to_owned(), key: key.clone(), trust }))
        }
        (None, Some(_)) => {
            let error = Error::new(Kind::Invalid, "ask a server by the key: no server is named");
            Err(error.hint("name it with --server, or leave --key and METRIFY_KEY away"))
        }
        (None, None) if is_trusting => {
            let error = Error::new(Kind::Invalid, "ask a server by a certificate: no server is named");
            Err(error.hint("name it with --server, or leave --server-ca, --client-certificate and --client-key away"))
        }
        (None, None) => Ok(None),
    }
}

fn trust(global: &Global) -> Result<Trust> {
    let certificate = match (&global.client_certificate, &global.client_key) {
        (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let error = Error::new(Kind::Invalid, "read the certificate of the client: one of the files is missing");
            return Err(error.hint("--client-certificate and --client-key go together"));
        }
    };
    Ok(Trust { authorities: global.server_ca.clone(), certificate })
}

fn parse(text: &str, name: &str) -> Result<Mapping> {
    let parsed = serde_norway::from_str::<Option<Mapping>>(text);
    let parsed =
        parsed.map_err(|error| Error::new(Kind::Invalid, format!("read the settings in `{name}`")).because(error))?;
    Ok(parsed.unwrap_or_default())
}

fn parse_value(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Puts what `over` says over what `values` say; a key that the defaults do not have is refused.
fn overlay(values: &mut Mapping, over: Mapping, known: &Mapping, path: &str) -> Result<()> {
    for (key, value) in over {
        let name = key.as_str().unwrap_or_default();
        let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let Some(default) = known.get(&key) else {
            let names: Vec<&str> = known.keys().filter_map(Value::as_str).collect();
            return Err(unknown("setting", &full, nearest(name, &names)));
        };
        match (default, value) {
            (Value::Mapping(known), Value::Mapping(over)) => {
                if let Some(Value::Mapping(values)) = values.get_mut(&key) {
                    overlay(values, over, known, &full)?;
                }
            }
            (_, value) => drop(values.insert(key, value)),
        }
    }
    Ok(())
}

fn unknown(what: &str, name: &str, nearest: Option<&str>) -> Error {
    let error = Error::new(Kind::Invalid, format!("find the {what} `{name}`: there is none of this name"));
    match nearest {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint("config/environments/development.yaml lists every setting"),
    }
}

fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    names.iter().copied().min_by_key(|known| strsim::damerau_levenshtein(name, known))
}

#[allow(clippy::disallowed_methods, reason = "the binary reads the environment, here and in the command line")]
fn variables() -> Result<Vec<(String, String)>> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = ours.filter(|(name, _)| name.starts_with("METRIFY_") && !OTHER_VARIABLES.contains(&name.as_str()));
    ours.map(|(name, value)| {
        let invalid = || Error::new(Kind::Invalid, format!("read the variable {name}: it is not UTF-8"));
        value.into_string().map(|value| (name.clone(), value)).map_err(|_| invalid())
    })
    .collect()
}

/// `METRIFY_SERVER_LISTEN` means `server.listen`.
fn key_of(variable: &str, known: &Mapping) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    leaves(known, &mut Vec::new(), &mut keys);
    let name_of = |key: &Vec<String>| format!("METRIFY_{}", key.join("_").to_uppercase());
    if let Some(key) = keys.iter().find(|key| name_of(key) == variable) {
        return Ok(key.clone());
    }
    let names: Vec<String> = keys.iter().map(name_of).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Err(unknown("variable", variable, nearest(variable, &names)))
}

fn leaves(known: &Mapping, path: &mut Vec<String>, keys: &mut Vec<Vec<String>>) {
    for (key, value) in known {
        path.push(key.as_str().unwrap_or_default().to_owned());
        match value {
            Value::Mapping(deeper) => leaves(deeper, path, keys),
            _ => keys.push(path.clone()),
        }
        path.pop();
    }
}

fn set(values: &mut Mapping, key: &[String], value: Value) {
    match key {
        [] => {}
        [name] => drop(values.insert(Value::String(name.clone()), value)),
        [name, rest @ ..] => {
            if let Some(Value::Mapping(deeper)) = values.get_mut(Value::String(name.clone())) {
                set(deeper, rest, value);
            }
        }
    }
}

impl Settings {
    /// Paths that only this machine has do not belong into an answer; the rest is shown as it is in force.
    ///
    /// # Errors
    /// Never, but for a mistake of ours.
    pub fn shown(&self) -> Result<String> {
        serde_norway::to_string(self).map_err(|error| Error::new(Kind::Internal, "print the settings").because(error))
    }

    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        Path::new(&self.data_dir).join(name)
    }
}
