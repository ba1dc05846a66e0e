//! What clients are told of a server's settings. They set what they like without effect: times are UTC, texts UTF-8, nothing is written.

/// The version of PostgreSQL whose catalog and functions are told of.
pub(super) const VERSION: &str = "16.6";

/// Each setting, and whether clients are told it when they come in.
const SETTINGS: [(&str, &str, bool); 22] = [
    ("server_version", VERSION, true),
    ("server_version_num", "160006", false),
    ("server_encoding", "UTF8", true),
    ("client_encoding", "UTF8", true),
    ("DateStyle", "ISO, MDY", true),
    ("IntervalStyle", "postgres", true),
    ("TimeZone", "UTC", true),
    ("integer_datetimes", "on", true),
    ("standard_conforming_strings", "on", true),
    ("default_transaction_read_only", "on", true),
    ("in_hot_standby", "off", true),
    ("is_superuser", "off", true),
    ("transaction_read_only", "on", false),
    ("transaction_isolation", "read committed", false),
    ("default_transaction_isolation", "read committed", false),
    ("bytea_output", "hex", false),
    ("extra_float_digits", "1", false),
    ("max_identifier_length", "63", false),
    ("max_index_keys", "32", false),
    ("default_table_access_method", "heap", false),
    ("lc_collate", "C", false),
    ("statement_timeout", "0", false),
];

pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS.into_iter().map(|(name, value, _)| (name, value))
}

pub(super) fn reported() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS.into_iter().filter(|(_, _, reported)| *reported).map(|(name, value, _)| (name, value))
}

/// The value of a setting, whatever its letters.
pub(super) fn setting(name: &str) -> Option<&'static str> {
    let name = match name.to_ascii_lowercase().as_str() {
        "transaction isolation level" => "transaction_isolation".to_owned(),
        "time zone" => "timezone".to_owned(),
        name => name.to_owned(),
    };
    SETTINGS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(&name)).map(|(_, value, _)| *value)
}
