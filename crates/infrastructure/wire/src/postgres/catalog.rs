//! PostgreSQL's catalog, as tools ask it for tables and columns: of one tenant's schema, and of what each tenant has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableFunction;
use datafusion::common::{DataFusionError, Result as Answer};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{ScalarUDF, TableType};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::generate_series_arg_coercion::CoerceIntArgsToBigInt;
use datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;
use datafusion_pg_catalog::pg_catalog::{PgCatalogSchemaProvider, PgCatalogStaticTables, setup_pg_catalog};
use metrify_application::{Context, Error, Kind, Result, Tenant, read};
use metrify_query::{CATALOG, Engine, Furnish, Listed, schema_of};

use super::{Postgres, functions};

const PG_CATALOG: &str = "pg_catalog";

/// What all tenants' catalogs have in common, and those that were asked for.
pub(super) struct Catalogs {
    tables: Arc<PgCatalogStaticTables>,
    functions: Vec<Arc<ScalarUDF>>,
    keywords: Option<Arc<TableFunction>>,
    /// Made once for each tenant: what things are called by, their numbers, lasts from one statement and connection to the next.
    of: Mutex<HashMap<Tenant, Arc<Catalog>>>,
}

/// The catalog of one tenant.
pub(super) struct Catalog {
    provider: Arc<PgCatalogSchemaProvider<Tables, EmptyContextProvider>>,
    functions: Vec<Arc<ScalarUDF>>,
    keywords: Option<Arc<TableFunction>>,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Internal, "prepare PostgreSQL's catalog").because(error)
}

impl Catalogs {
    /// # Errors
    /// Never, but for a mistake of ours.
    pub(super) fn new() -> Result<Self> {
        // Its functions are taken from a session that has nothing else.
        let config = SessionConfig::new().with_default_catalog_and_schema(CATALOG, "public");
        let session = SessionContext::new_with_config(config);
        let before = session.state().scalar_functions().clone();
        setup_pg_catalog(&session, CATALOG, EmptyContextProvider).map_err(failed)?;
        let state = session.state();
        let added = state.scalar_functions().iter().filter(|(name, _)| !before.contains_key(*name));
        Ok(Self {
            tables: Arc::new(PgCatalogStaticTables::try_new().map_err(failed)?),
            functions: added.map(|(_, function)| function.clone()).collect(),
            keywords: state.table_functions().get("pg_get_keywords").cloned(),
            of: Mutex::default(),
        })
    }

    fn known(&self, tenant: &Tenant) -> Option<Arc<Catalog>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    fn make(&self, tenant: &Tenant, listed: Vec<Listed>) -> Result<Arc<Catalog>> {
        let tables = Tables { listed: Arc::from(listed) };
        let provider = PgCatalogSchemaProvider::try_new(tables, self.tables.clone(), EmptyContextProvider);
        let schema = schema_of(tenant);
        let functions = self.functions.iter().cloned().chain(functions::of_session(&schema)).collect();
        let provider = Arc::new(provider.map_err(failed)?);
        let catalog = Arc::new(Catalog { provider, functions, keywords: self.keywords.clone() });
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        // Where another one was first, everybody has that one's numbers.
        Ok(of.entry(tenant.clone()).or_insert(catalog).clone())
    }
}

impl Postgres {
    /// The catalog of whoever asks.
    ///
    /// # Errors
    /// Where it may not ask, or its tables cannot be read.
    pub(super) async fn catalog(&self, ctx: &Context) -> Result<Arc<Catalog>> {
        if let Some(catalog) = self.catalogs.known(ctx.tenant()) {
            return Ok(catalog);
        }
        let engine: &Engine = &self.wire.engine;
        let listed = read::described(&self.wire.app, ctx, engine.tables(ctx.tenant())).await?;
        self.catalogs.make(ctx.tenant(), listed)
    }
}

impl Furnish for Catalog {
    fn furnish(&self, session: &SessionContext) -> Result<()> {
        let catalog = session.catalog(CATALOG).ok_or_else(|| failed("the session has no catalog"))?;
        catalog.register_schema(PG_CATALOG, self.provider.clone()).map_err(failed)?;
        for function in &self.functions {
            session.register_udf(function.as_ref().clone());
        }
        if let Some(keywords) = &self.keywords {
            session.register_udtf("pg_get_keywords", keywords.function().clone());
        }
        CoerceIntArgsToBigInt::widen(session);
        // Names of types that only PostgreSQL has, such as `regclass`.
        let state = session.state_ref();
        let existing = state.read().clone();
        let knowing = SessionStateBuilder::new_from_existing(existing).with_type_planner(Arc::new(PgOidTypePlanner));
        *state.write() = knowing.build();
        Ok(())
    }
}

/// The tables of a tenant, as the catalog tells of them: always in the same order, so that numbers stay the same.
#[derive(Clone, Debug)]
struct Tables {
    listed: Arc<[Listed]>,
}

impl Tables {
    fn find(&self, schema: &str, table: &str) -> Option<&Listed> {
        self.listed.iter().find(|listed| listed.schema == schema && listed.name == table)
    }
}

#[async_trait]
impl CatalogInfo for Tables {
    async fn catalog_names(&self) -> Answer<Vec<String>, DataFusionError> {
        Ok(vec![CATALOG.to_owned()])
    }

    async fn schema_names(&self, _: &str) -> Answer<Option<Vec<String>>, DataFusionError> {
        let mut names: Vec<String> = self.listed.iter().map(|listed| listed.schema.clone()).collect();
        names.push(PG_CATALOG.to_owned());
        names.sort();
        names.dedup();
        Ok(Some(names))
    }

    async fn table_names(&self, _: &str, schema: &str) -> Answer<Option<Vec<String>>, DataFusionError> {
        let of_schema = self.listed.iter().filter(|listed| listed.schema == schema);
        Ok(Some(of_schema.map(|listed| listed.name.clone()).collect()))
    }

    async fn table_schema(&self, _: &str, schema: &str, table: &str) -> Answer<Option<SchemaRef>, DataFusionError> {
        let found = self.find(schema, table);
        Ok(found.map(|listed| Arc::new(Schema::new(listed.columns.fields().clone()))))
    }

    async fn table_type(&self, _: &str, schema: &str, table: &str) -> Answer<Option<TableType>, DataFusionError> {
        // Whether one is made of others is nothing to those who ask it.
        Ok(self.find(schema, table).map(|_| TableType::Base))
    }
}
