//! By what a client and a server elsewhere know each other: the authorities that are trusted, and a certificate of its own.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use metrify_application::{Error, Kind, Result, io};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity};

/// What there is beside the key.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Of authorities that are trusted beside those of this machine (PEM).
    pub authorities: Option<PathBuf>,
    /// What the client proves itself by where the server asks for it, and its key (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// # Errors
/// Where one of the files cannot be read or understood.
pub fn http(trust: &Trust) -> Result<reqwest::Client> {
    let mut http = reqwest::Client::builder().no_proxy().redirect(Policy::none());
    if let Some(file) = &trust.authorities {
        for authority in Certificate::from_pem_bundle(&read(file)?).map_err(|error| invalid(file, error))? {
            http = http.add_root_certificate(authority);
        }
    }
    if let Some((certificate, key)) = &trust.certificate {
        let both = [read(key)?, read(certificate)?].concat();
        http = http.identity(Identity::from_pem(&both).map_err(|error| invalid(certificate, error))?);
    }
    http.build().map_err(|error| Error::new(Kind::Invalid, "make a client of HTTP").because(error))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| io(format!("read `{}`", file.display()), error))
}

fn invalid(file: &Path, error: reqwest::Error) -> Error {
    let step = format!("read `{}`", file.display());
    Error::new(Kind::Invalid, step).because(error).hint("certificates and keys are files of PEM")
}

/// A server that does not answer, and what can be done about it.
pub fn unreachable(step: &str, error: reqwest::Error) -> Error {
    let hint = match of_tls(&error) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            "the server's certificate is not trusted here, or is of another name: name the file of its authority \
             with --server-ca, and the server as its certificate does"
        }
        Some(rustls::Error::AlertReceived(_)) => {
            "the server asks for a certificate that it knows: name yours with --client-certificate and --client-key"
        }
        Some(_) => "does it speak TLS there?",
        // A server that misses a certificate may be gone before it says so.
        None if error.url().is_some_and(|url| url.scheme() == "https") => {
            "is the server still running? One that asks for a certificate is given yours by --client-certificate and --client-key"
        }
        None => "is the server still running?",
    };
    Error::new(Kind::Unavailable, step).because(error).hint(hint)
}

/// What TLS says of it, where it is TLS that failed.
fn of_tls<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // An error of input that wraps another one passes over it where it is asked for its source.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|wrapped| of_tls(wrapped)).or_else(|| error.source().and_then(of_tls))
}
