//! What the codes of UTILMD mean, as far as facts have words of their own; a code that is not here is kept as it stands.
//!
//! By the message descriptions UTILMD Strom S2.1 and S2.2 and Gas G1.1 and G1.2.

use metrify_domain::PointKind;

/// A place that LOC names (DE3227).
pub(super) struct Place {
    pub(super) code: &'static str,
    /// As `subject_kind`; empty where the shape of the id decides.
    pub(super) kind: &'static str,
    pub(super) point: Option<PointKind>,
    pub(super) title: &'static str,
}

const fn place(code: &'static str, kind: &'static str, point: Option<PointKind>, title: &'static str) -> Place {
    Place { code, kind, point, title }
}

/// In the order in which they stand for a transaction that names several.
pub(super) const PLACES: [Place; 9] = [
    place("Z16", "market_location", Some(PointKind::MarketLocation), "Marktlokation"),
    place("Z21", "tranche", Some(PointKind::MarketLocation), "Tranche"),
    place("Z17", "metering_location", Some(PointKind::MeteringLocation), "Messlokation"),
    place("Z18", "grid_location", Some(PointKind::GridResource), "Netzlokation"),
    place("Z19", "controllable_resource", Some(PointKind::GridResource), "steuerbare Ressource"),
    place("Z20", "technical_resource", Some(PointKind::GridResource), "technische Ressource"),
    place("Z15", "balancing_point", Some(PointKind::MeteringLocation), "MaBiS-Zählpunkt"),
    place("172", "", None, "Meldepunkt (Gas): a Marktlokation or a Messlokation"),
    place("Z22", "dormant_market_location", Some(PointKind::MarketLocation), "ruhende Marktlokation"),
];

/// A subject that is no point: the transaction itself.
pub(super) const TRANSACTION: &str = "transaction";

/// RFF that name a subject by its kind, where the transaction names no place with that id.
pub(super) const REFERENCES: [(&str, &str); 9] = [
    ("Z18", "market_location"),
    ("Z19", "metering_location"),
    ("Z20", "tranche"),
    ("Z32", "grid_location"),
    ("Z38", "controllable_resource"),
    ("MG", "meter"),
    ("Z11", "meter"),
    ("Z14", "gateway"),
    ("AGK", "configuration"),
];

/// RFF of a transaction and the facts that they tell.
pub(super) const RELATIONS: [(&str, &str); 7] = [
    ("TN", "answers"),
    ("ACW", "withdraws"),
    ("AAV", "inquiry"),
    ("Z42", "answered_message"),
    ("Z43", "answered_transaction"),
    ("Z60", "product_package"),
    ("AGK", "configuration"),
];

/// DTM and the facts that they tell.
pub(super) const DATES: [(&str, &str); 24] = [
    ("92", "begin"),
    ("93", "end"),
    ("157", "change"),
    ("76", "planned_begin"),
    ("471", "next_possible_end"),
    ("158", "balancing_begin"),
    ("159", "balancing_end"),
    ("154", "registration"),
    ("294", "handover"),
    ("752", "reading_schedule"),
    ("Z01", "notice_period"),
    ("Z05", "confirmed_end_of_contract"),
    ("Z07", "begin_in_progress"),
    ("Z08", "next_processing"),
    ("Z09", "next_reading"),
    ("Z10", "end_of_notice"),
    ("Z15", "balancing_begin_of_party"),
    ("Z16", "balancing_end_of_party"),
    ("Z21", "grid_billing"),
    ("Z22", "next_grid_billing"),
    ("Z25", "use_from"),
    ("Z26", "use_to"),
    ("163", "from"),
    ("164", "to"),
];

/// How the data of a period stand (RFF of the Verwendungszeitraum), and whether there are any.
pub(super) const PERIODS: [(&str, &str, bool); 6] = [
    ("Z49", "valid", true),
    ("Z47", "in_system", true),
    ("Z48", "expected", true),
    ("Z53", "valid", false),
    ("Z54", "in_system", false),
    ("Z55", "expected", false),
];

/// STS (DE9015) and the facts that they tell.
pub(super) const STATUSES: [(&str, &str); 3] =
    [("7", "transaction_reason"), ("E01", "answer"), ("Z35", "answer_of_third_party")];

/// QTY and the facts that they tell.
pub(super) const QUANTITIES: [(&str, &str); 8] = [
    ("31", "annual_amount"),
    ("265", "specific_work"),
    ("Z07", "balanced_energy"),
    ("Z08", "adjusted_work"),
    ("Z09", "previous_annual_amount"),
    ("Z10", "power"),
    ("Z15", "limiting_temperature"),
    ("Z32", "balanced_lost_energy"),
];

/// Classes of characteristics (CCI DE7059): DE7037 is the value.
pub(super) const CLASSES: [(&str, &str); 14] = [
    ("6", "aggregated_by"),
    ("Z01", "scope"),
    ("Z02", "profile"),
    ("Z10", "off_peak"),
    ("Z17", "use"),
    ("Z19", "balancing_group"),
    ("Z20", "balancing_area"),
    ("Z30", "direction"),
    ("Z31", "aggregated_before_by"),
    ("Z32", "operating_state"),
    ("Z35", "required_value"),
    ("Z39", "counting_times"),
    ("Z49", "control_channel"),
    ("Z63", "other_equipment"),
];

/// Characteristics (CCI DE7037) whose values follow in CAV.
pub(super) const CHARACTERISTICS: [(&str, &str); 12] = [
    ("E03", "voltage_level"),
    ("E04", "voltage_level"),
    ("E12", "remote_reading"),
    ("E13", "meter_type"),
    ("Z25", "transformer_type"),
    ("Z26", "communication_type"),
    ("Z28", "mounting"),
    ("Z33", "digits"),
    ("Z34", "kind_of_generation"),
    ("Z83", "metering_class"),
    ("ZB3", "party"),
    ("ZE4", "granularity"),
];

/// Values of DE7037 that say by themselves what they are about.
pub(super) const VALUES: [(&str, &str); 4] =
    [("Z15", "customer_group"), ("Z18", "customer_group"), ("ZA6", "forecast_basis"), ("ZC0", "forecast_basis")];

/// CAV DE7111 that name what stands behind them.
pub(super) const LABELS: [(&str, &str); 7] = [
    ("Z30", "device_number"),
    ("Z58", "remote_switching"),
    ("Z89", "supplier"),
    ("Z90", "transmission_operator"),
    ("Z91", "metering_operator"),
    ("ZC9", "second_measurement"),
    ("ZF2", "control_channel_steps"),
];

/// PIA DE7143 and the facts that they tell.
pub(super) const PRODUCTS: [(&str, &str); 3] = [("SRW", "register"), ("Z02", "register"), ("Z11", "product")];

/// NAD DE3035: the party, and how its data stand (empty: as they are stated).
pub(super) const PARTIES: [(&str, &str, &str); 29] = [
    ("Z09", "customer_of_supplier", ""),
    ("Z65", "customer_of_supplier", "informative"),
    ("Z04", "correspondence_of_supplier", ""),
    ("Z66", "correspondence_of_supplier", "informative"),
    ("Z07", "customer_of_metering_operator", ""),
    ("Z08", "correspondence_of_metering_operator", ""),
    ("Z25", "customer_of_grid_operator", ""),
    ("Z67", "customer_of_grid_operator", "informative"),
    ("Z26", "correspondence_of_grid_operator", ""),
    ("Z68", "correspondence_of_grid_operator", "informative"),
    ("EO", "connection_owner", ""),
    ("Z55", "connection_owner", "expected"),
    ("Z56", "connection_owner", "in_system"),
    ("Z69", "connection_owner", "informative"),
    ("DDO", "property_manager", ""),
    ("Z57", "property_manager", "expected"),
    ("Z58", "property_manager", "in_system"),
    ("Z70", "property_manager", "informative"),
    ("DP", "market_location_address", ""),
    ("Z59", "market_location_address", "expected"),
    ("Z60", "market_location_address", "in_system"),
    ("Z63", "market_location_address", "informative"),
    ("Z03", "metering_location_address", ""),
    ("Z05", "reading_card", ""),
    ("VY", "other_party", ""),
    ("DDQ", "supplier", ""),
    ("DDM", "grid_operator", ""),
    ("DDE", "metering_operator", ""),
    ("DEB", "metering_operator", ""),
];

/// The word for a code, from a table of pairs.
pub(super) fn word(table: &[(&'static str, &'static str)], code: &[u8]) -> Option<&'static str> {
    table.iter().find(|(known, _)| known.as_bytes() == code).map(|(_, word)| *word)
}
