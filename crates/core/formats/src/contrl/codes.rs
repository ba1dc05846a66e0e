//! The codes of CONTRL, by the message description CONTRL 2.0b.

/// What becomes of an interchange or a message (DE0083): whether it was accepted.
pub(super) const ACTIONS: [(&str, bool, &str); 3] = [
    ("4", false, "this level and all lower levels rejected"),
    ("7", true, "this level acknowledged, the next lower one if not rejected"),
    ("8", true, "interchange received"),
];

/// Syntax errors (DE0085).
pub(super) const ERRORS: [(&str, &str); 37] = [
    ("2", "syntax version or level not supported"),
    ("7", "interchange recipient not actual recipient"),
    ("12", "invalid value"),
    ("13", "missing"),
    ("14", "value not supported in this position"),
    ("15", "not supported in this position"),
    ("16", "too many constituents"),
    ("17", "no agreement"),
    ("18", "unspecified error"),
    ("19", "invalid decimal notation"),
    ("20", "character invalid as service character"),
    ("21", "invalid character(s)"),
    ("22", "invalid service character(s)"),
    ("23", "unknown interchange sender"),
    ("24", "too old"),
    ("25", "test indicator not supported"),
    ("26", "duplicate detected"),
    ("27", "security function not supported"),
    ("28", "references do not match"),
    ("29", "control count does not match number of instances received"),
    ("30", "groups and messages mixed"),
    ("31", "more than one message type in group"),
    ("32", "lower level empty"),
    ("33", "invalid occurrence outside message or group"),
    ("34", "nesting indicator not allowed"),
    ("35", "too many segment repetitions"),
    ("36", "too many segment group repetitions"),
    ("37", "invalid type of character(s)"),
    ("38", "missing digit in front of decimal sign"),
    ("39", "data element too long"),
    ("40", "data element too short"),
    ("41", "permanent communication network error"),
    ("42", "temporary communication network error"),
    ("43", "unknown interchange recipient"),
    ("45", "trailing separator"),
    ("46", "character set not supported"),
    ("47", "envelope functionality not supported"),
];
