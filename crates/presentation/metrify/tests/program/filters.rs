//! Questions about readings are answered from what is kept of their data files, whatever they look like and whatever was corrected.

use std::fmt::Write;

use crate::support::Metrify;

const QUANTITIES: [&str; 2] = ["1-0:1.29.0", "1-0:2.29.0"];

/// A reading by point, quantity and hour.
struct Told {
    point: usize,
    quantity: usize,
    hour: usize,
    value: usize,
}

impl Told {
    fn line(&self) -> String {
        let Self { point, quantity, hour, value } = self;
        let quantity = QUANTITIES[*quantity];
        format!(
            "{{\"point\":\"SM-{point}\",\"quantity\":\"{quantity}\",\"period_start\":\"2025-01-10T{hour:02}:00:00Z\",\
             \"period_end\":\"2025-01-10T{:02}:00:00Z\",\"value\":{value},\"unit\":\"kWh\"}}\n",
            hour + 1
        )
    }
}

fn readings() -> Vec<Told> {
    let mut all = Vec::new();
    for point in 0..6 {
        for quantity in 0..2 {
            for hour in (0..20).filter(|hour| hour % 7 != 3) {
                all.push(Told { point, quantity, hour, value: point * 100 + quantity * 50 + hour });
            }
        }
    }
    all
}

type Filter = (&'static str, fn(&Told) -> bool);

/// Filters in SQL and in words of our own.
const FILTERS: [Filter; 18] = [
    ("true", |_| true),
    ("point = 'SM-3'", |told| told.point == 3),
    ("'SM-3' = point and quantity = '1-0:2.29.0'", |told| told.point == 3 && told.quantity == 1),
    ("point in ('SM-1', 'SM-4')", |told| [1, 4].contains(&told.point)),
    ("point in ('SM-1', 'SM-4', 'SM-5', 'SM-0', 'none')", |told| [1, 4, 5, 0].contains(&told.point)),
    ("point = 'SM-1' or (point = 'SM-2' and quantity = '1-0:1.29.0')", |told| {
        told.point == 1 || (told.point == 2 && told.quantity == 0)
    }),
    ("point = 'SM-1' or value > 500", |told| told.point == 1 || told.value > 500),
    ("point <> 'SM-1'", |told| told.point != 1),
    ("not (point = 'SM-1' or quantity = '1-0:1.29.0')", |told| told.point != 1 && told.quantity != 0),
    ("point like 'SM-_' and quantity like '1-0:2%'", |told| told.quantity == 1),
    ("point = 'SM-1' and point = 'SM-2'", |_| false),
    ("point = null", |_| false),
    ("period_start >= '2025-01-10T05:00:00Z' and period_start < '2025-01-10T09:00:00Z'", |told| {
        (5..9).contains(&told.hour)
    }),
    ("'2025-01-10T05:00:00Z' >= period_start", |told| told.hour <= 5),
    ("period_start between '2025-01-10T05:00:00Z' and '2025-01-10T07:00:00Z' and point = 'SM-0'", |told| {
        told.point == 0 && (5..=7).contains(&told.hour)
    }),
    ("period_start = '2025-01-10T05:00:00Z' or period_end = '2025-01-10T05:00:00Z'", |told| {
        [4, 5].contains(&told.hour)
    }),
    ("period_start > '2025-01-10T18:30:00Z'", |told| told.hour == 19),
    ("value < 300 and period_start < '2025-01-10T12:00:00Z'", |told| told.value < 300 && told.hour < 12),
];

/// How many readings each filter chooses, and the sum of their values.
fn assert_chosen(metrify: &Metrify, all: &[Told]) {
    let mut query = String::new();
    for (number, (filter, _)) in FILTERS.iter().enumerate() {
        let union = if number == 0 { "" } else { "union all " };
        write!(query, "{union}select {number} as n, count(*), sum(value) from readings where {filter} ")
            .expect("a text takes it");
    }
    let mut expected = String::new();
    for (number, (_, is_chosen)) in FILTERS.iter().enumerate() {
        let chosen: Vec<&Told> = all.iter().filter(|told| is_chosen(told)).collect();
        let sum: usize = chosen.iter().map(|told| told.value).sum();
        let sum = if chosen.is_empty() { String::new() } else { sum.to_string() };
        writeln!(expected, "{number},{},{sum}", chosen.len()).expect("a text takes it");
    }
    assert_eq!(metrify.sql(&format!("{query} order by n")), expected.trim_end());
}

#[test]
fn filters_choose_the_same_readings_however_they_are_written() {
    let metrify = Metrify::new();
    let mut all = readings();
    metrify.take_in("first.ndjson", all.iter().map(Told::line).collect::<String>());
    let plan = metrify.sql("explain select value from readings where point = 'SM-3'");
    assert!(plan.contains("StreamingTableExec"), "it is answered from what is kept: {plan}");
    assert_chosen(&metrify, &all);
    // What is corrected comes from another file, and the former rows are left out.
    let corrected = all.iter_mut().step_by(5);
    let lines: String = corrected
        .map(|told| {
            told.value += 1_000;
            told.line()
        })
        .collect();
    metrify.take_in("second.ndjson", lines);
    assert_chosen(&metrify, &all);
    assert_eq!(metrify.sql("select count(*) from readings_history"), "245");
    assert_eq!(metrify.sql("select value from readings limit 7").lines().count(), 7);
}
