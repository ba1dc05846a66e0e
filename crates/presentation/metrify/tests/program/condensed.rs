//! The last reading of each channel, and what readings come to on each local day: the same as a question to all readings gives.

use std::fmt::Write;

use crate::support::Metrify;
use crate::support::mscons::{Amount, load_curve, storno};

/// Readings of an hour each over the change of the clocks in spring and in autumn, with gaps, missing values, another unit, and of
/// one point every quarter-hour of ten days.
fn readings() -> String {
    let mut lines = String::new();
    let mut line = |point: &str, quantity: &str, start: i64, length: i64, value: &str, unit: &str| {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).expect("a time").to_rfc3339();
        let (start, end) = (at(start), at(start + length));
        let quality = if value == "null" { "missing" } else { "true" };
        writeln!(
            lines,
            "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"period_start\":\"{start}\",\"period_end\":\"{end}\",\
             \"value\":{value},\"unit\":\"{unit}\",\"quality\":\"{quality}\"}}"
        )
        .expect("a text takes it");
    };
    const HOUR: i64 = 3_600;
    // 2025-03-29T12:00:00Z and 2025-10-25T12:00:00Z.
    for (begin, point) in [(1_743_249_600, "SPRING"), (1_761_393_600, "AUTUMN")] {
        for hour in (0..48).filter(|hour| hour % 11 != 3) {
            let value = if hour % 7 == 5 { "null".to_owned() } else { format!("{}.125", hour * 3) };
            line(point, "1-0:1.29.0", begin + hour * HOUR, HOUR, &value, "kWh");
            line(
                point,
                "1-0:2.29.0",
                begin + hour * HOUR,
                HOUR,
                &format!("-{hour}.001"),
                if hour < 20 { "kWh" } else { "Wh" },
            );
        }
    }
    for quarter in 0..960 {
        line("LONG", "1-0:1.29.0", 1_735_686_000 + quarter * HOUR / 4, HOUR / 4, &format!("0.{quarter:03}"), "kWh");
    }
    line("NEVER", "1-0:1.29.0", 1_735_686_000, HOUR, "null", "kWh");
    // Of several lengths, beside each other's raster, over midnight, and before 1970.
    for (begin, length) in [(1_743_249_600, HOUR), (1_743_249_900, HOUR / 4), (1_743_289_000, 900 * HOUR), (-7, 3)] {
        line("MIXED", "1-0:1.9.0", begin, length, "1", "kWh");
    }
    lines.push_str("{\"point\":\"MIXED\",\"quantity\":\"1-0:1.8.0\",\"at\":\"2025-03-29T12:00:00Z\",\"value\":7,\"unit\":\"kWh\"}\n");
    lines
}

const COLUMNS: &str = "point, quantity, kind, period_start, period_end, value, unit, quality, method, reason";

/// Both tables give what a question to all readings gives, under any of these filters.
fn assert_same(metrify: &Metrify) -> usize {
    let mut rows = 0;
    for filter in [
        "true",
        "point = 'SPRING'",
        "point in ('LONG', 'AUTUMN') and quantity = '1-0:1.29.0'",
        "value > 20",
        "unit = 'Wh'",
        "point = 'NEVER'",
    ] {
        let latest =
            metrify.sql(&format!("select {COLUMNS} from readings_latest where {filter} order by point, quantity"));
        let scanned = metrify.sql(&format!(
            "select {COLUMNS} from (select *, row_number() over (partition by point, quantity order by period_start desc, \
             period_end desc) as place from readings) where place = 1 and {filter} order by point, quantity"
        ));
        assert_eq!(latest, scanned, "the latest where {filter}");
        assert!(!latest.is_empty(), "none where {filter}");
        rows += latest.lines().count();
    }
    let periods = "select *, case when long > 0 then cast(period_start as bigint) % long else 0 end as phase from \
                   (select *, cast(period_end as bigint) - cast(period_start as bigint) as long from readings)";
    let by_day = format!(
        "select point, quantity, kind, unit, quality, local_day(period_start) as day, count(*) as readings, \
         sum(value) as sum, min(value) as minimum, max(value) as maximum, max(period_end) as last_end, \
         min(long) as shortest_us, max(long) as longest_us, min(phase) as phase_min_us, max(phase) as phase_max_us \
         from ({periods}) group by 1, 2, 3, 4, 5, 6"
    );
    for filter in [
        "true",
        "point = 'LONG'",
        "day = '2025-03-30'",
        "day > '2025-03-29' and day <= '2025-10-26'",
        "day between '2025-01-03' and '2025-01-05' and point = 'LONG'",
        "'2025-10-26' <= day or day < '2025-01-02'",
        "sum > 100",
        "quality = 'missing' and quantity = '1-0:1.29.0'",
        "quality <> 'true' or maximum < 0",
        "unit = 'Wh' and minimum < -40",
        "phase_min_us < phase_max_us",
        "shortest_us < longest_us and last_end > '2025-04-01T00:00:00Z'",
    ] {
        let order = "order by point, quantity, unit, quality, day";
        let daily = metrify.sql(&format!("select * from readings_daily where {filter} {order}"));
        let scanned = metrify.sql(&format!("select * from ({by_day}) where {filter} {order}"));
        assert_eq!(daily, scanned, "days where {filter}");
        assert!(!daily.is_empty(), "no days where {filter}");
        rows += daily.lines().count();
    }
    let by_month = |columns: &str, from: &str| {
        let groups = "group by quantity, unit, 3, quality having count(*) > 0 order by 1, 2, 3, 4";
        metrify
            .sql(&format!("select quantity, unit, date_trunc('month', day), quality, {columns} from {from} {groups}"))
    };
    let daily = by_month("sum(readings), sum(sum), min(minimum), max(maximum)", "readings_daily");
    let amounts = "count(*), sum(value), min(value), max(value)";
    assert_eq!(daily, by_month(amounts, "(select *, local_day(period_start) as day from readings)"), "months");
    rows
}

/// What is in memory alone, and what of the lake holds no longer by it.
fn landed(metrify: &Metrify) -> String {
    metrify.sql("select sum(rows), sum(deleted) from system.files where table = 'readings'")
}

#[test]
fn latest_and_daily_are_what_all_readings_come_to() {
    const FOR_LONG: &[(&str, &str)] = &[("METRIFY_LANDING_INTERVAL_S", "3600")];
    let metrify = Metrify::new();
    for table in ["readings_latest", "readings_daily"] {
        assert_eq!(metrify.sql(&format!("select * from {table}")), "", "{table} of nothing");
    }
    let server = metrify.serve_with(FOR_LONG);
    metrify.take_in("first.ndjson", readings());
    let amounts: Vec<Amount<'_>> = (0..40).map(|number| (number, "220", "1.5")).collect();
    metrify.take_in("curve", load_curve("D1", "202404020300", &amounts));
    metrify.take_in("end", load_curve("D2", "202404020301", &[(95, "220", "7")]));
    let before = assert_same(&metrify);
    assert_eq!(landed(&metrify), ",", "all of it is in memory");
    server.stop();

    let server = metrify.serve_with(FOR_LONG);
    assert_eq!(landed(&metrify), "1179,0");
    assert_eq!(assert_same(&metrify), before, "the same from the lake");
    // The last reading of one point is corrected, that of another is taken back, and days get other sums.
    let corrected: String = readings()
        .lines()
        .filter(|line| line.contains("AUTUMN"))
        .map(|line| {
            line.replace("\"value\":", "\"value\":1")
                .replace(":1null", ":17")
                .replace("missing", "true")
                .replace(":1-", ":-1")
                + "\n"
        })
        .collect();
    metrify.take_in("second.ndjson", corrected);
    metrify.take_in("storno", storno("S2", "202404050300", "D2"));
    let corrected = assert_same(&metrify);
    assert_ne!(corrected, before);
    let last = "select value from readings_latest where point = '50120962218'";
    assert_eq!(metrify.sql(last), "1.5", "what was taken back is the last no longer");
    assert_eq!(landed(&metrify), "1179,0", "corrections are in memory");
    server.stop();

    assert_eq!(assert_same(&metrify), corrected, "the same from the lake");
    assert_eq!(landed(&metrify), "1178,0", "corrections are in the lake");
}
