//! Certificates of clients as JSON.

use metrify_application::Result;
use metrify_application::govern::{Certificate, NewKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::{NewKeyBody, read};

/// What a certificate is to open.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCertificateBody {
    /// The SHA-256 fingerprint of the certificate: 64 hexadecimal digits, colons between them or not.
    #[schema(
        example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        min_length = 64,
        max_length = 95
    )]
    pub certificate: String,
    /// The tenant that it opens; the own one where it is absent.
    pub tenant: Option<String>,
    /// What it is for, for people.
    #[schema(example = "gateway of Hamburg", min_length = 1, max_length = 100)]
    pub title: String,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    #[schema(example = "api")]
    pub role: String,
    /// The purposes that it may act for; all that the law allows the tenant where none is named.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// A day, local, as its beginning, or an instant; as long as the certificate holds where it is absent.
    pub expires_at: Option<String>,
}

impl NewCertificateBody {
    /// # Errors
    /// Where the fingerprint, a role, a purpose, a time or the title means nothing.
    pub fn new_certificate(self) -> Result<(Certificate, NewKey)> {
        let Self { certificate, tenant, title, role, purposes, expires_at } = self;
        let key = NewKeyBody { tenant, title, role, purposes, expires_at }.new_key()?;
        Ok((read("certificate", &certificate)?, key))
    }
}
