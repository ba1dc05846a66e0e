//! `load_profile(...)` in SQL: tables of profiles as series.

use crate::support::Metrify;

/// A profile of 2025 whose quarter-hours all have one value but that before clocks are changed, and that after.
fn flat(value: &str) -> String {
    let mut lines = String::from("profile_id;period;day;timestamp;kwh\n");
    for month in 1..=12 {
        for day in ["WT", "SA", "FT"] {
            for quarter in 0..96 {
                let value = if quarter == 8 { "1000" } else { value };
                lines += &format!("X25;{month};{day};{:02}:{:02};{value}\n", quarter / 4, quarter % 4 * 15);
            }
        }
    }
    lines
}

#[test]
fn a_table_unrolls_over_days_of_92_96_and_100_quarter_hours() {
    let metrify = Metrify::new();
    metrify.take_in("profile.csv", flat("10"));
    let day = "select count(*), sum(value), min(period_start), max(period_end), min(unit) \
               from load_profile('X25', 500000, '{from}', '{to}', 'BY')";
    for (from, to, expected) in [
        // 95 x 10 + 1000 for a million kWh, half of it for this customer.
        ("2025-01-10", "2025-01-11", "96,975,2025-01-09T23:00:00Z,2025-01-10T23:00:00Z,kWh"),
        // The hour from 02:00 is skipped, and with it the value of 02:00.
        ("2025-03-30", "2025-03-31", "92,460,2025-03-29T23:00:00Z,2025-03-30T22:00:00Z,kWh"),
        // It comes twice: 98 x 10 + 2 x 1000.
        ("2025-10-26", "2025-10-27", "100,1490,2025-10-25T22:00:00Z,2025-10-26T23:00:00Z,kWh"),
    ] {
        assert_eq!(metrify.sql(&day.replace("{from}", from).replace("{to}", to)), expected, "{from}");
    }
}

#[test]
fn the_newest_table_of_a_profile_counts() {
    let metrify = Metrify::new();
    metrify.take_in("profile.csv", flat("10"));
    metrify.take_in("later.csv", flat("20"));
    let total = "select count(*), sum(value) from load_profile('X25', 1000000, '2025-01-10', '2025-01-11', 'BY')";
    assert_eq!(metrify.sql(total), "96,2900");
}

#[test]
fn what_cannot_be_computed_is_said() {
    let metrify = Metrify::new();
    metrify.take_in("profile.csv", flat("10").replace("X25;7;SA;13:30;10\n", ""));
    for (arguments, reason) in [
        ("'H99', 1, '2025-01-01', '2025-01-02', 'BY'", "there is no load profile `H99`"),
        ("'X25', 1, '2025-01-01', '2025-01-02', 'BY'", "has no value for Month(July), saturday, quarter-hour 54"),
        ("'X25', 1, '2025-01-02', '2025-01-02', 'BY'", "the day after the last has to come after the first"),
        ("'X25', 1, '2025-01-01', '2025-01-02', 'XX'", "`XX` is not a Land"),
        ("'X25', 'much', '2025-01-01', '2025-01-02', 'BY'", "`much` kWh"),
        ("'X25', 1, 'soon', '2025-01-02', 'BY'", "`soon` does not fit"),
        ("'X25', 1", "load_profile takes a profile"),
    ] {
        let ran = metrify.run(&["sql", &format!("select count(*) from load_profile({arguments})")]);
        assert_eq!(ran.code, Some(1), "{arguments}");
        assert!(ran.stderr.contains(reason), "{arguments}: {}", ran.stderr);
    }
}
