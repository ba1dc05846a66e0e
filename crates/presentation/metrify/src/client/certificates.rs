//! Certificates of clients, told to a server.

use metrify_api::NewCertificateBody;
use metrify_api::people::KeyBody;
use metrify_application::Result;

use super::Client;

impl Client {
    pub async fn register_certificate(&self, new: &NewCertificateBody) -> Result<KeyBody> {
        let request = self.http.post(self.url("/api/v1/api-keys/certificates")).json(new);
        self.json(request, "register the certificate").await
    }
}
