//! What is told of the server itself: drivers of JDBC ask for each of these, and bear none to be missing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arrow_flight::sql::SqlInfo;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};

/// As bits and numbers of Flight SQL: names without quotation marks are told as small letters, others as they are.
const NUMBERS: [(SqlInfo, i32); 17] = [
    // No transactions: nothing is written.
    (SqlInfo::FlightSqlServerTransaction, 0),
    (SqlInfo::FlightSqlServerStatementTimeout, 0),
    (SqlInfo::FlightSqlServerTransactionTimeout, 0),
    (SqlInfo::SqlIdentifierCase, 3),
    (SqlInfo::SqlQuotedIdentifierCase, 1),
    // Nulls are sorted as the largest.
    (SqlInfo::SqlNullOrdering, 0),
    // By what is not selected as well.
    (SqlInfo::SqlSupportedGroupBy, 0b10),
    (SqlInfo::SqlSupportedGrammar, 0b11),
    (SqlInfo::SqlAnsi92SupportedLevel, 0b1),
    (SqlInfo::SqlOuterJoinsSupportLevel, 0b11),
    // In statements that read, and nowhere else.
    (SqlInfo::SqlSchemasSupportedActions, 0),
    (SqlInfo::SqlCatalogsSupportedActions, 0),
    (SqlInfo::SqlSupportedPositionedCommands, 0),
    (SqlInfo::SqlSupportedSubqueries, 0b1111),
    (SqlInfo::SqlSupportedUnions, 0b11),
    (SqlInfo::SqlSupportedTransactionsIsolationLevels, 0b1),
    (SqlInfo::SqlSupportedResultSetTypes, 0b10),
];

const DONE: [SqlInfo; 13] = [
    SqlInfo::FlightSqlServerReadOnly,
    SqlInfo::FlightSqlServerSql,
    SqlInfo::SqlAllTablesAreSelectable,
    SqlInfo::SqlSupportsColumnAliasing,
    SqlInfo::SqlNullPlusNullIsNull,
    SqlInfo::SqlSupportsTableCorrelationNames,
    SqlInfo::SqlSupportsDifferentTableCorrelationNames,
    SqlInfo::SqlSupportsExpressionsInOrderBy,
    SqlInfo::SqlSupportsOrderByUnrelated,
    SqlInfo::SqlSupportsNonNullableColumns,
    SqlInfo::SqlCatalogAtStart,
    SqlInfo::SqlCorrelatedSubqueriesSupported,
    SqlInfo::SqlDataDefinitionsInTransactionsIgnored,
];
const NOT_DONE: [SqlInfo; 16] = [
    SqlInfo::FlightSqlServerSubstrait,
    SqlInfo::FlightSqlServerCancel,
    SqlInfo::FlightSqlServerBulkIngestion,
    SqlInfo::FlightSqlServerIngestTransactionsSupported,
    SqlInfo::SqlSupportsLikeEscapeClause,
    SqlInfo::SqlSupportsIntegrityEnhancementFacility,
    SqlInfo::SqlSelectForUpdateSupported,
    SqlInfo::SqlStoredProceduresSupported,
    SqlInfo::SqlTransactionsSupported,
    SqlInfo::SqlDataDefinitionCausesTransactionCommit,
    SqlInfo::SqlBatchUpdatesSupported,
    SqlInfo::SqlSavepointsSupported,
    SqlInfo::SqlNamedParametersSupported,
    SqlInfo::SqlLocatorsUpdateCopy,
    SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported,
    SqlInfo::SqlMaxRowSizeIncludesBlobs,
];
const TEXTS: [(SqlInfo, &str); 9] = [
    (SqlInfo::FlightSqlServerName, "Metrify"),
    (SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION")),
    (SqlInfo::FlightSqlServerArrowVersion, "1.3"),
    (SqlInfo::SqlIdentifierQuoteChar, "\""),
    (SqlInfo::SqlSearchStringEscape, "\\"),
    (SqlInfo::SqlExtraNameCharacters, ""),
    (SqlInfo::SqlSchemaTerm, "schema"),
    (SqlInfo::SqlProcedureTerm, "procedure"),
    (SqlInfo::SqlCatalogTerm, "catalog"),
];
/// Words and functions beyond those that drivers know anyway: none.
const LISTS: [SqlInfo; 5] = [
    SqlInfo::SqlKeywords,
    SqlInfo::SqlNumericFunctions,
    SqlInfo::SqlStringFunctions,
    SqlInfo::SqlSystemFunctions,
    SqlInfo::SqlDatetimeFunctions,
];
/// What has no bound by itself.
const UNBOUNDED: [SqlInfo; 19] = [
    SqlInfo::SqlMaxBinaryLiteralLength,
    SqlInfo::SqlMaxCharLiteralLength,
    SqlInfo::SqlMaxColumnNameLength,
    SqlInfo::SqlMaxColumnsInGroupBy,
    SqlInfo::SqlMaxColumnsInIndex,
    SqlInfo::SqlMaxColumnsInOrderBy,
    SqlInfo::SqlMaxColumnsInSelect,
    SqlInfo::SqlMaxColumnsInTable,
    SqlInfo::SqlMaxConnections,
    SqlInfo::SqlMaxCursorNameLength,
    SqlInfo::SqlMaxIndexLength,
    SqlInfo::SqlDbSchemaNameLength,
    SqlInfo::SqlMaxProcedureNameLength,
    SqlInfo::SqlMaxCatalogNameLength,
    SqlInfo::SqlMaxRowSize,
    SqlInfo::SqlMaxStatements,
    SqlInfo::SqlMaxTableNameLength,
    SqlInfo::SqlMaxTablesInSelect,
    SqlInfo::SqlMaxUsernameLength,
];

pub(super) static FACTS: LazyLock<Option<SqlInfoData>> = LazyLock::new(|| {
    let mut told = SqlInfoDataBuilder::new();
    NUMBERS.into_iter().for_each(|(name, number)| told.append(name, number));
    DONE.into_iter().for_each(|name| told.append(name, true));
    NOT_DONE.into_iter().for_each(|name| told.append(name, false));
    TEXTS.into_iter().for_each(|(name, text)| told.append(name, text));
    LISTS.into_iter().for_each(|name| told.append(name, [""; 0].as_slice()));
    UNBOUNDED.into_iter().for_each(|name| told.append(name, 0_i64));
    told.append(SqlInfo::SqlSupportsConvert, BTreeMap::<i32, Vec<i32>>::new());
    told.append(SqlInfo::SqlDefaultTransactionIsolation, 0_i64);
    // Bytes of a statement.
    told.append(SqlInfo::SqlMaxStatementLength, 256_i64 << 10);
    told.build().ok()
});
