//! The two documents of an issuer, read over HTTPS with bounded time and size.

use std::time::Duration;

use metrify_application::{Error, Kind, Result};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Host, Url};

use super::keys::Keys;

/// How long each of them may take. Whoever waits for them has sent a request that waits, too.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(5);
/// No document is larger: keys with whole chains of certificates are a tenth of it.
const DOCUMENT_BYTES_MAX: usize = 512 << 10;
/// What stands behind an issuer's address (Discovery 1.0, section 4).
const CONFIGURATION: &str = "/.well-known/openid-configuration";
/// As much of what an issuer says as an error repeats.
const REPEATED_CHARS_MAX: usize = 200;

/// Of all that a configuration says.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer is, and how it is reached.
pub(super) struct Documents {
    url: String,
    client: Client,
    /// It is on this machine, where HTTP is as safe.
    is_local: bool,
}

/// Nothing is wrong with the token whose issuer does not answer, as far as anybody knows.
fn unavailable(step: String) -> Error {
    let hint = "tokens of this issuer are taken again once it can be reached from this machine and answers as OpenID \
                Connect Discovery 1.0 says";
    Error::new(Kind::Unavailable, step).hint(hint)
}

fn invalid(url: &str, reason: &str) -> Error {
    Error::new(Kind::Invalid, format!("trust issuer `{url}`: {reason}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Documents {
    /// The documents of an issuer, and its host.
    ///
    /// # Errors
    /// Where its address is none that can be trusted, or there are no certificates to know it by.
    pub(super) fn of(url: &str) -> Result<(Self, String)> {
        let parsed: Url = url.parse().map_err(|error| invalid(url, "it is no address").because(error))?;
        let is_local = parsed.scheme() == "http" && is_loopback(&parsed);
        if !is_local && parsed.scheme() != "https" {
            return Err(invalid(url, "only https, and http on this machine, tells who answers"));
        }
        let bare = parsed.query().is_none() && parsed.fragment().is_none();
        let host = parsed.host_str().filter(|_| bare && parsed.username().is_empty() && parsed.password().is_none());
        let Some(host) = host else {
            return Err(invalid(url, "an issuer's address has a host and a path, and nothing else"));
        };
        let (host, client) = (host.to_owned(), client(is_local)?);
        Ok((Self { url: url.to_owned(), client, is_local }, host))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What the issuer signs with at present.
    ///
    /// # Errors
    /// Where it does not say, or is somebody else.
    pub(super) async fn keys(&self) -> Result<Keys> {
        let address = format!("{}{CONFIGURATION}", self.url.trim_end_matches('/'));
        let configuration: Configuration = self.read(&address).await?;
        let told = |reason: String| unavailable(format!("read `{address}`: {reason}"));
        if configuration.issuer != self.url {
            let named: String = configuration.issuer.chars().take(REPEATED_CHARS_MAX).collect();
            let error = told(format!("it names the issuer `{named}`"));
            return Err(
                error.hint("name the issuer in the settings exactly as it names itself, if it is the right one")
            );
        }
        let keys = configuration.jwks_uri;
        if !keys.parse().is_ok_and(|keys| self.is_safe(&keys)) {
            let named: String = keys.chars().take(REPEATED_CHARS_MAX).collect();
            return Err(told(format!("its keys lie where nobody is known for sure, at `{named}`")));
        }
        Ok(Keys::of(self.read(&keys).await?))
    }

    /// Whoever could change keys on the way could sign as the issuer.
    fn is_safe(&self, keys: &Url) -> bool {
        if self.is_local { keys.scheme() == "http" && is_loopback(keys) } else { keys.scheme() == "https" }
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Result<T> {
        let bytes = self.bytes(address).await?;
        let parsed = serde_json::from_slice(&bytes);
        parsed.map_err(|error| unavailable(format!("understand `{address}`")).because(error))
    }

    async fn bytes(&self, address: &str) -> Result<Vec<u8>> {
        // The step names the address already.
        let failed = |error: reqwest::Error| unavailable(format!("read `{address}`")).because(error.without_url());
        let mut response = self.client.get(address).send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(unavailable(format!("read `{address}`: it answered {}", response.status())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > DOCUMENT_BYTES_MAX {
                return Err(unavailable(format!("read `{address}`: it has more than {DOCUMENT_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn client(is_local: bool) -> Result<Client> {
    // Another address than the one that is trusted is not trusted, wherever it comes from.
    let builder = Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT).redirect(Policy::none());
    let builder = if is_local {
        // No proxy knows this machine, and there is nobody to be known by a certificate.
        builder.no_proxy().tls_built_in_root_certs(false)
    } else {
        builder.https_only(true)
    };
    builder.build().map_err(|error| {
        let error = Error::new(Kind::Unavailable, "make an HTTPS client for issuers").because(error);
        error.hint("are there certificates on this system? (Debian package ca-certificates, or SSL_CERT_FILE)")
    })
}
