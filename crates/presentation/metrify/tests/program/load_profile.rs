//! Standard load profiles in SQL: tables of electricity as series, functions of temperature for gas.

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

/// A day of gas: temperatures of four days, h and the factor of the day, as in the guide's way of computing it. Expected values
/// are those of the tests of the domain.
#[test]
fn gas_is_allocated_by_temperature() {
    let metrify = Metrify::new();
    assert_eq!(metrify.sql("select allocation_temperature(-2.0, 0.5, 3.4, 3.6)"), "-0.24");
    assert_eq!(metrify.sql("select siglinde('DE_HEF33', -0.24), siglinde('HEF33', 8)"), "1.9127497063,1.0000001418");
    // Monday, a Thursday that is a holiday (as a Sunday), 24 December (as a Saturday), in Bavaria.
    let days = "select gas_weekday_factor('GKO34', day, 'BY') \
                from (values (date '2025-01-13'), (date '2025-06-19'), (date '2025-12-24')) as days(day) order by day";
    assert_eq!(metrify.sql(days), "1.0354\n0.9435\n0.886");
    let kwh =
        "select round(57.4321 * siglinde('HEF33', -0.24) * gas_weekday_factor('HEF33', date '2025-01-13', 'BY'), 3)";
    assert_eq!(metrify.sql(kwh), "109.853");
    assert_eq!(metrify.sql("select count(*), min(profile), max(profile) from system.gas_profiles"), "29,GBA33,HMF34");
    for (query, reason) in [
        ("select siglinde('HEF99', 8)", "there is no gas profile `HEF99`"),
        ("select siglinde('HEF33', 40)", "40 Cel: a gas profile ends at 40 Cel"),
        ("select gas_weekday_factor('HEF33', date '2025-01-13', 'XX')", "`XX` is not a Land"),
    ] {
        let ran = metrify.run(&["sql", query]);
        assert_eq!(ran.code, Some(1), "{query}");
        assert!(ran.stderr.contains(reason), "{query}: {}", ran.stderr);
    }
}

/// What the README says about checking readings against a profile.
#[test]
fn readings_are_checked_against_a_profile() {
    let metrify = Metrify::new();
    metrify.take_in("profile.csv", flat("10"));
    let mut readings = String::from("point,quantity,unit,period_start,period_end,value\n");
    for hour in 0..24 {
        // A hundred quarter-hours of 5 kWh are a day of the profile; 13:00 UTC is ten times as much.
        let value = if hour == 13 { "200" } else { "20" };
        let end =
            if hour == 23 { "2025-01-11T00:00:00Z".to_owned() } else { format!("2025-01-10T{:02}:00:00Z", hour + 1) };
        readings += &format!("41373559241,1-1:1.29.0,kWh,2025-01-10T{hour:02}:00:00Z,{end},{value}\n");
    }
    metrify.take_in("readings.csv", readings);
    let odd = "select r.period_start, r.value, sum(p.value) as expected from readings r \
               join load_profile('X25', 500000, '2025-01-10', '2025-01-12', 'BY') p \
               on p.period_start >= r.period_start and p.period_end <= r.period_end \
               group by r.period_start, r.value having r.value > 5 * sum(p.value)";
    assert_eq!(metrify.sql(odd), "2025-01-10T13:00:00Z,200,20");
}
