//! Grants, and what policies say of them.

use metrify_api::{ActParameters, ExplainedBody, GrantBody, GrantQuery, NewGrantBody};
use metrify_application::registry::ThingKind;
use metrify_application::{Result, govern};

use super::{Access, standing};
use crate::cli::Standing;
use crate::random::random;

impl Access {
    /// # Errors
    /// Where it is denied, means nothing, or the registry cannot be written.
    pub async fn create_grant(&self, new: &NewGrantBody) -> Result<GrantBody> {
        match self {
            Self::Remote(client) => client.create_grant(new).await,
            Self::Local(house) => {
                let (ctx, random) = (house.context().await?, random()?);
                govern::create_grant(&house.app, &ctx, new.new_grant()?, random).await.map(GrantBody::from)
            }
        }
    }

    /// All that are wanted.
    ///
    /// # Errors
    /// Where it is denied, or the registry cannot be read.
    pub async fn grants(&self, which: GrantQuery, when: &Standing) -> Result<Vec<GrantBody>> {
        match self {
            Self::Remote(client) => client.grants(which, when).await,
            Self::Local(house) => {
                let wanted = which.among(standing(ThingKind::Grant, when)?)?;
                let grants = govern::list_grants(&house.app, &house.context().await?, &wanted).await?;
                Ok(grants.things.into_iter().map(GrantBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is no such grant, or the registry cannot be written.
    pub async fn withdraw_grant(&self, id: &str) -> Result<GrantBody> {
        match self {
            Self::Remote(client) => client.withdraw_grant(id).await,
            Self::Local(house) => {
                govern::withdraw_grant(&house.app, &house.context().await?, id, None).await.map(GrantBody::from)
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is no such act, or the registry cannot be read.
    pub async fn explain(&self, act: ActParameters) -> Result<Vec<ExplainedBody>> {
        match self {
            Self::Remote(client) => client.explain(&act).await,
            Self::Local(house) => {
                let lines = govern::explain(&house.app, &house.context().await?, act.asked()?).await?;
                Ok(lines.into_iter().map(ExplainedBody::from).collect())
            }
        }
    }
}
