//! The server's certificate, and whom it lets in by theirs: read from files, and read again when they change.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use metrify_application::govern::Certificate;
use metrify_application::{Error, Kind, Result, io};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::sync::watch;

use crate::settings::Tls;

/// How often the files are looked at. Whoever renews certificates does so days before they end.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);
/// The protocol that is spoken inside.
const HTTP: &[u8] = b"http/1.1";

/// The files as they were read; what they say is only understood together.
#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What the server proves itself by.
pub struct Certificates {
    settings: Named,
    seen: Files,
    config: RustlsConfig,
}

/// Where the files are.
struct Named {
    certificate: std::path::PathBuf,
    key: std::path::PathBuf,
    client_ca: Option<std::path::PathBuf>,
}

impl Certificates {
    /// `None` where no TLS is asked for.
    ///
    /// # Errors
    /// Where one of the files cannot be read or understood, or the certificate is not that of the key.
    pub fn read(settings: &Tls) -> Result<Option<Self>> {
        let named = match (&settings.certificate_file, &settings.key_file) {
            (Some(certificate), Some(key)) => {
                Named { certificate: certificate.clone(), key: key.clone(), client_ca: settings.client_ca_file.clone() }
            }
            (None, None) if settings.client_ca_file.is_none() => return Ok(None),
            _ => {
                let error = Error::new(Kind::Invalid, "read the settings of TLS: one of the files is missing");
                return Err(error.hint("server.tls.certificate_file and server.tls.key_file go together"));
            }
        };
        let seen = named.read()?;
        let config = RustlsConfig::from_config(Arc::new(seen.config()?));
        Ok(Some(Self { settings: named, seen, config }))
    }

    /// What listeners take for each new connection; it changes with the files.
    #[must_use]
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Takes the files anew when they change, until the server stops. What cannot be understood is told once, and what was understood
    /// before stays.
    pub async fn keep_up(mut self, mut stopped: watch::Receiver<bool>) {
        let mut was_read = true;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
            }
            let files = match self.settings.read() {
                Ok(files) if files == self.seen => {
                    was_read = true;
                    continue;
                }
                Ok(files) => files,
                // It may be on its way.
                Err(error) => {
                    if std::mem::replace(&mut was_read, false) {
                        tracing::warn!("{}", error.chain());
                    }
                    continue;
                }
            };
            was_read = true;
            match files.config() {
                Ok(config) => {
                    self.config.reload_from_config(Arc::new(config));
                    tracing::info!("the certificate of the server was read anew");
                }
                Err(error) => tracing::warn!("the certificate of the server stays as it is: {}", error.chain()),
            }
            self.seen = files;
        }
    }
}

impl Named {
    fn read(&self) -> Result<Files> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| io(format!("read `{}`", path.display()), error));
        Ok(Files {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }
}

impl Files {
    fn config(&self) -> Result<ServerConfig> {
        let invalid = |what: &str| Error::new(Kind::Invalid, format!("read the {what} of the server"));
        let chain = certificates(&self.certificate).map_err(|error| invalid("certificate").because(error))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| invalid("key").because(error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| invalid("TLS").because(error))?;
        let builder = match &self.client_ca {
            Some(authorities) => builder.with_client_cert_verifier(verifier(authorities, provider)?),
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| invalid("certificate and the key").because(error))?;
        config.alpn_protocols = vec![HTTP.to_vec()];
        Ok(config)
    }
}

/// Lets those in alone whose certificate one of the authorities signed.
fn verifier(
    authorities: &[u8],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>> {
    let invalid = || Error::new(Kind::Invalid, "read the authorities of clients");
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities).map_err(|error| invalid().because(error))? {
        roots.add(certificate).map_err(|error| invalid().because(error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(|error| invalid().because(error))
}

/// The certificate of a client in a file of PEM; the first where there are several.
///
/// # Errors
/// Where the file cannot be read, or holds none.
pub fn certificate_of(file: &Path) -> Result<Certificate> {
    let step = || format!("read `{}`", file.display());
    let bytes = std::fs::read(file).map_err(|error| io(step(), error))?;
    let invalid = |error| Error::new(Kind::Invalid, format!("{}: it holds no certificate", step())).because(error);
    let chain = certificates(&bytes).map_err(invalid)?;
    let first = chain.first().ok_or_else(|| Error::new(Kind::Invalid, step()))?;
    Ok(Certificate::of_der(first))
}

/// At least one, or what is wrong.
fn certificates(pem: &[u8]) -> std::result::Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<_, _>>()?;
    if all.is_empty() { Err(rustls::pki_types::pem::Error::NoItemsFound) } else { Ok(all) }
}
