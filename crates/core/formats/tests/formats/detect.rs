//! A delivery is told for what it is, whatever stands in it: among thousands of texts some look like frames with a checksum.

use metrify_formats::{Detected, Format, Head, detect};

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Deliveries that every other one is measured by.
const DELIVERIES: usize = 2_000;
const LINES: usize = 100;

fn told(format: Format, head: &str, mut line: impl FnMut(&mut Chance) -> String, tail: &str) {
    let mut chance = Chance(1);
    for _ in 0..DELIVERIES {
        let lines: String = (0..LINES).map(|_| line(&mut chance)).collect();
        let delivery = format!("{head}{lines}{tail}");
        let detected = detect(&Head::new(delivery.as_bytes()));
        assert_eq!(detected, Detected::One(format), "{detected}: {delivery}");
    }
}

#[test]
fn lines_of_json_are_nothing_else() {
    let line = |chance: &mut Chance| {
        let [point, hour, value] = [90_000, 24, 1_000_000].map(|end| chance.below(end));
        let day = 1 + chance.below(28);
        format!(
            r#"{{"point":"Zähler-{point}","quantity":"1-0:1.29.0","at":"2025-01-{day:02}T{hour:02}:00:00Z","value":{value}.{day},"unit":"kWh"}}"#
        ) + "\n"
    };
    told(Format::Ndjson, "", line, "");
}

#[test]
fn tables_are_nothing_else() {
    let line = |chance: &mut Chance| {
        let [point, hour, value] = [90_000, 24, 1_000_000].map(|end| chance.below(end));
        format!("Straße {point},load,2025-01-01T{hour:02}:00:00Z,{value},kWh\n")
    };
    told(Format::Csv, "point,quantity,at,value,unit\n", line, "");
}

#[test]
fn messages_of_the_market_are_nothing_else() {
    let line = |chance: &mut Chance| format!("QTY+220:{}.{}'", chance.below(100_000), chance.below(1_000));
    let head = "UNB+UNOC:3+9900357000004:500+4012345000023:500+250602:0915+1'UNH+1+MSCONS:D:04B:UN:2.4c'\
                BGM+7+1'DTM+137:202506020915?+00:303'NAD+MS+9900357000004::293'UNS+D'NAD+DP'LOC+172+DE0001'";
    told(Format::Mscons, head, line, "UNT+1+1'UNZ+1+1'");
}
