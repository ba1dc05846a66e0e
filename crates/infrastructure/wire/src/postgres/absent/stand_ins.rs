//! Tables of PostgreSQL that the engine has not, or tells in its own words, and what stands in for each.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Query};

use super::super::settings;
use super::parsed;

const INFORMATION: &str = "information_schema";
const CATALOG: &str = "pg_catalog";

/// Those without a row, with their columns: texts, but for those that are followed by their type.
const EMPTY: [(&str, &str, &[&str]); 22] = [
    (
        INFORMATION,
        "table_constraints",
        &["constraint_catalog constraint_schema constraint_name", TABLE, "constraint_type"],
    ),
    (
        INFORMATION,
        "key_column_usage",
        &[
            "constraint_catalog constraint_schema constraint_name",
            TABLE,
            "column_name ordinal_position:int position_in_unique_constraint:int",
        ],
    ),
    (
        INFORMATION,
        "referential_constraints",
        &["constraint_catalog constraint_schema constraint_name", UNIQUE, "match_option update_rule delete_rule"],
    ),
    (
        INFORMATION,
        "constraint_column_usage",
        &[TABLE, "column_name constraint_catalog constraint_schema constraint_name"],
    ),
    (INFORMATION, "check_constraints", &["constraint_catalog constraint_schema constraint_name check_clause"]),
    (INFORMATION, "table_privileges", &[GRANTED, TABLE, "privilege_type is_grantable with_hierarchy"]),
    (INFORMATION, "role_table_grants", &[GRANTED, TABLE, "privilege_type is_grantable with_hierarchy"]),
    (INFORMATION, "column_privileges", &[GRANTED, TABLE, "column_name privilege_type is_grantable"]),
    (INFORMATION, "triggers", &["trigger_catalog trigger_schema trigger_name event_manipulation event_object_schema"]),
    (INFORMATION, "sequences", &["sequence_catalog sequence_schema sequence_name data_type"]),
    (INFORMATION, "domains", &["domain_catalog domain_schema domain_name data_type"]),
    (CATALOG, "pg_available_extensions", &["name default_version installed_version comment"]),
    (CATALOG, "pg_indexes", &["schemaname tablename indexname tablespace indexdef"]),
    (CATALOG, "pg_locks", &["locktype database:int relation:int transactionid pid:int mode granted:boolean"]),
    (CATALOG, "pg_parameter_acl", &["oid:int parname paracl"]),
    (CATALOG, "pg_policies", &["schemaname tablename policyname permissive roles cmd qual with_check"]),
    (CATALOG, "pg_rules", &["schemaname tablename rulename definition"]),
    (
        CATALOG,
        "pg_sequences",
        &["schemaname sequencename sequenceowner data_type start_value:bigint last_value:bigint"],
    ),
    (
        CATALOG,
        "pg_stat_activity",
        &[
            "datid:int datname pid:int usesysid:int usename application_name client_addr client_hostname",
            "client_port:int backend_start:timestamptz xact_start:timestamptz query_start:timestamptz",
            "state_change:timestamptz wait_event_type wait_event state query backend_type",
        ],
    ),
    (
        CATALOG,
        "pg_stat_all_tables",
        &[
            "relid:int schemaname relname seq_scan:bigint idx_scan:bigint n_live_tup:bigint n_dead_tup:bigint",
            "last_vacuum:timestamptz",
        ],
    ),
    (
        CATALOG,
        "pg_stat_database",
        &["datid:int datname numbackends:int xact_commit:bigint xact_rollback:bigint blks_read:bigint blks_hit:bigint"],
    ),
    (CATALOG, "pg_user_mappings", &["umid:int srvid:int srvname umuser:int usename umoptions"]),
];
const TABLE: &str = "table_catalog table_schema table_name";
const UNIQUE: &str = "unique_constraint_catalog unique_constraint_schema unique_constraint_name";
const GRANTED: &str = "grantor grantee";

/// The columns of all tables, with types as PostgreSQL calls them, counted from 1.
const COLUMNS: &str = "SELECT table_catalog, table_schema, table_name, column_name, \
    CAST(ordinal_position AS INT) + 1 AS ordinal_position, column_default, is_nullable, \
    CASE WHEN data_type IN ('Utf8', 'LargeUtf8', 'Utf8View') THEN 'text' WHEN data_type LIKE 'Decimal%' THEN 'numeric' \
    WHEN data_type LIKE 'Timestamp(%, %' THEN 'timestamp with time zone' \
    WHEN data_type LIKE 'Timestamp%' THEN 'timestamp without time zone' WHEN data_type LIKE 'Date%' THEN 'date' \
    WHEN data_type IN ('Int64', 'UInt32') THEN 'bigint' WHEN data_type IN ('Int32', 'UInt16') THEN 'integer' \
    WHEN data_type IN ('Int16', 'Int8', 'UInt8') THEN 'smallint' WHEN data_type = 'UInt64' THEN 'numeric' \
    WHEN data_type = 'Float64' THEN 'double precision' WHEN data_type = 'Float32' THEN 'real' \
    WHEN data_type = 'Boolean' THEN 'boolean' WHEN data_type LIKE 'Binary%' THEN 'bytea' \
    WHEN data_type LIKE 'List%' THEN 'ARRAY' ELSE data_type END AS data_type, \
    character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, \
    datetime_precision, interval_type, CAST(NULL AS VARCHAR) AS collation_name, CAST(NULL AS VARCHAR) AS domain_name, \
    'pg_catalog' AS udt_schema, \
    CASE WHEN data_type IN ('Utf8', 'LargeUtf8', 'Utf8View') THEN 'text' WHEN data_type LIKE 'Decimal%' THEN 'numeric' \
    WHEN data_type LIKE 'Timestamp(%, %' THEN 'timestamptz' WHEN data_type LIKE 'Timestamp%' THEN 'timestamp' \
    WHEN data_type LIKE 'Date%' THEN 'date' WHEN data_type IN ('Int64', 'UInt32') THEN 'int8' \
    WHEN data_type IN ('Int32', 'UInt16') THEN 'int4' WHEN data_type IN ('Int16', 'Int8', 'UInt8') THEN 'int2' \
    WHEN data_type = 'UInt64' THEN 'numeric' WHEN data_type = 'Float64' THEN 'float8' \
    WHEN data_type = 'Float32' THEN 'float4' WHEN data_type = 'Boolean' THEN 'bool' \
    WHEN data_type LIKE 'Binary%' THEN 'bytea' WHEN data_type LIKE 'List%' THEN '_text' ELSE data_type END AS udt_name, \
    'NO' AS is_identity, 'NEVER' AS is_generated, 'NO' AS is_updatable FROM information_schema.columns";

/// The name of a table, and the query in its place; `None` where the engine has it as it should be.
pub(super) fn of(name: &ObjectName) -> Option<(&'static str, Query)> {
    let names: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
    let names = names?;
    let [.., schema, table] = names.as_slice() else { return None };
    let is_it =
        |of: &str, called: &str| schema.value.eq_ignore_ascii_case(of) && table.value.eq_ignore_ascii_case(called);
    if let Some((_, name, columns)) = EMPTY.iter().find(|(of, called, _)| is_it(of, called)) {
        let columns = columns.iter().flat_map(|columns| columns.split(' '));
        let columns: Vec<String> = columns
            .map(|column| {
                let (name, kind) = column.split_once(':').unwrap_or((column, "varchar"));
                format!("CAST(NULL AS {kind}) AS {name}")
            })
            .collect();
        return Some((name, parsed(&format!("SELECT {} WHERE false", columns.join(", ")))?));
    }
    if is_it(INFORMATION, "columns") {
        return Some(("columns", parsed(COLUMNS)?));
    }
    if is_it(INFORMATION, "character_sets") {
        return Some(("character_sets", parsed("SELECT 'UTF8' AS character_set_name")?));
    }
    if is_it(CATALOG, "pg_database") {
        // The catalog tells of one that is not there, too.
        return Some((
            "pg_database",
            parsed("SELECT * FROM pg_catalog.pg_database WHERE datname = current_database()")?,
        ));
    }
    if is_it(CATALOG, "pg_settings") {
        return Some(("pg_settings", parsed(&of_settings())?));
    }
    None
}

/// The settings that clients are told one by one, as a table.
fn of_settings() -> String {
    let rows: Vec<String> = settings::all().map(|(name, value)| format!("('{name}', '{value}')")).collect();
    let unknown = ["unit", "category", "short_desc", "extra_desc", "min_val", "max_val", "enumvals", "sourcefile"];
    let unknown = unknown.map(|column| format!("CAST(NULL AS VARCHAR) AS {column}")).join(", ");
    format!(
        "SELECT name, setting, setting AS reset_val, setting AS boot_val, 'internal' AS context, 'string' AS vartype, \
         'default' AS source, false AS pending_restart, {unknown} FROM (VALUES {}) AS t (name, setting)",
        rows.join(", ")
    )
}
