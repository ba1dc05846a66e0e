use chrono::NaiveDate;
use metrify_simulation::*;
fn main() {
    let f = Fleet::new(Settings { faults: FaultRates::each(20_000), ..Settings::new(7, 40, NaiveDate::from_ymd_opt(2025, 1, 1).unwrap(), 365) }).unwrap();
    let mut p = Pieces::new(&f, &f.whole(), Form::Csv);
    let mut out = Vec::new();
    let mut sums: std::collections::BTreeMap<(String, String), (f64, u32, f64, f64)> = Default::default();
    let mut months: std::collections::BTreeMap<(String, String), (f64,u32)> = Default::default();
    while p.append(&mut out) {
        for l in std::str::from_utf8(&out).unwrap().lines().skip_while(|l| l.starts_with("point")) {
            let c: Vec<_> = l.split(',').collect();
            let v: f64 = c[5].parse().unwrap();
            let e = sums.entry((c[0].into(), c[1].into())).or_insert((0., 0, f64::MAX, f64::MIN));
            e.0 += v; e.1 += 1; e.2 = e.2.min(v); e.3 = e.3.max(v);
            if c[1].starts_with("air") || c[1].starts_with("gl") || c[1].starts_with("wind")|| c[1].starts_with("lo") || c[1].starts_with("gen"){ let m = months.entry((format!("{} {}", c[0], c[1]), c[3][..7].into())).or_default(); m.0 += v; m.1 += 1; }
        }
        out.clear();
    }
    for (k, v) in &sums { println!("{k:?} sum {:.0} n {} mean {:.2} min {} max {}", v.0, v.1, v.0 / v.1 as f64, v.2, v.3); }
    let mut last = String::new();
    for ((q, m), (s, n)) in &months { if *q != last { print!("\n{q}: "); last = q.clone(); } let _ = m; print!("{:.1} ", if q.contains("rad") { s * 1e4 / 3.6e6 } else { s / *n as f64 }); }
    println!();
    for i in 0..40 { let m = f.meter(i).unwrap(); println!("{} {:?} {} pv {:?} hp {:?} car {} {}", m.malo, m.customer, m.annual_kwh, m.photovoltaics_kw_tenths, m.heat_pump_w_per_kelvin, m.has_car, m.device); }
    let t = p.take_truth(); let mut seen = std::collections::HashSet::new();
    for l in t.lines() { if seen.insert(l[..14].to_owned()) { println!("{l}"); } }
    println!("{}", t.lines().last().unwrap());
}
