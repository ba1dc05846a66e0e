//! Certificates of clients.

use metrify_api::NewCertificateBody;
use metrify_api::people::KeyBody;
use metrify_application::{Result, govern};

use super::Access;

impl Access {
    /// # Errors
    /// Where it is denied, the certificate opens already, or the registry cannot be written.
    pub async fn register_certificate(&self, new: NewCertificateBody) -> Result<KeyBody> {
        match self {
            Self::Remote(client) => client.register_certificate(&new).await,
            Self::Local(house) => {
                let (ctx, (certificate, key)) = (house.context().await?, new.new_certificate()?);
                govern::register_certificate(&house.app, &ctx, &certificate, key)
                    .await
                    .map(|key| KeyBody::at(&key, ctx.now))
            }
        }
    }
}
