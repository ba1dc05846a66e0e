//! Grants, and what policies say of them, asked of a server.

use metrify_api::{ActParameters, ExplainedBody, GrantBody, GrantQuery, Listed, NewGrantBody};
use metrify_application::{Error, Kind, Result};

use super::Client;
use super::jobs::Asked;
use crate::cli::Standing;

const GRANTS: &str = "/api/v1/grants";

impl Client {
    pub async fn create_grant(&self, new: &NewGrantBody) -> Result<GrantBody> {
        self.json(self.http.post(self.url(GRANTS)).json(new), "register the grant").await
    }

    pub async fn grants(&self, which: GrantQuery, when: &Standing) -> Result<Vec<GrantBody>> {
        self.all(GRANTS, &Asked { which: &which, when }, "list the grants").await
    }

    pub async fn withdraw_grant(&self, id: &str) -> Result<GrantBody> {
        // Ids of grants go into a path as they are.
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::new(Kind::NotFound, format!("find the grant `{id}`")));
        }
        self.json(self.http.delete(self.url(&format!("{GRANTS}/{id}"))), "withdraw the grant").await
    }

    pub async fn explain(&self, act: &ActParameters) -> Result<Vec<ExplainedBody>> {
        let request = self.http.get(self.url("/api/v1/policies/explain")).query(act);
        self.json(request, "ask for the policies").await.map(|lines: Listed<ExplainedBody>| lines.results)
    }
}
