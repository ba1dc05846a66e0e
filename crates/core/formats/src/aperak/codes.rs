//! The codes of APERAK, by the message description 2.1i.

/// Errors (ERC DE9321).
pub(super) const ERRORS: [(&str, &str); 27] = [
    ("Z10", "ID unbekannt"),
    ("Z14", "Objekt im IT-System nicht gefunden"),
    ("Z15", "Objekt im IT-System nicht eindeutig"),
    ("Z16", "Objekt nicht mehr im Netzgebiet"),
    ("Z17", "Absender ist zum angegebenen Zeitpunkt dem Objekt nicht zugeordnet"),
    ("Z18", "Empfänger ist zum angegebenen Zeitpunkt dem Objekt nicht zugeordnet"),
    ("Z19", "Gerätenummer nicht bekannt"),
    ("Z20", "OBIS-Kennzahl nicht bekannt"),
    ("Z21", "Referenzierung innerhalb des Vorgangs fehlerhaft"),
    ("Z24", "Zuordnungs-Tupel unbekannt"),
    ("Z25", "Absender ist dem durch das Tupel identifizierten Objekt nicht zugeordnet"),
    ("Z26", "Empfänger ist dem durch das Tupel identifizierten Objekt nicht zugeordnet"),
    ("Z27", "zu viele Vorkommastellen"),
    ("Z29", "erforderliche Angabe fehlt"),
    ("Z30", "Zeitreihe unvollständig"),
    ("Z31", "Geschäftsvorfall wird vom Empfänger zurückgewiesen"),
    ("Z33", "referenziertes Tupel nicht vorhanden"),
    ("Z34", "Zeitintervall negativ oder null"),
    ("Z35", "Format nicht eingehalten"),
    ("Z37", "Geschäftsvorfall darf vom Sender nicht gesendet werden"),
    ("Z38", "Anzahl der Codes überschreitet die Paketdefinition"),
    ("Z39", "Code nicht aus erlaubtem Wertebereich"),
    ("Z40", "Segment- oder Segmentgruppenwiederholbarkeit überschritten"),
    ("Z41", "Zeitangabe unplausibel"),
    ("Z42", "Konfigurations-ID nicht bekannt"),
    ("Z43", "Geschäftsvorfall für Objekt mit dieser Eigenschaft nicht erlaubt"),
    ("Z44", "Eigenschaft des Objekts weicht ab"),
];

/// What the message is (BGM DE1001): whether it accepts what it answers.
pub(super) const KINDS: [(&str, bool, &str); 2] =
    [("312", true, "Anerkennungsmeldung"), ("313", false, "Anwendungsfehlermeldung")];

/// RFF that name the message that is answered, the best first.
pub(super) const ANSWERED: [(&str, &str); 3] = [
    ("AGO", "the document, as its sender numbered it (BGM DE1004)"),
    ("ACW", "the document, in older messages"),
    ("ACE", "the interchange (UNB DE0020)"),
];

/// RFF that name a place in it.
pub(super) const PLACES: [(&str, &str); 2] = [("TN", "transaction"), ("Z08", "reference")];
