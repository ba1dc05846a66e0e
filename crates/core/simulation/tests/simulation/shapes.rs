//! What fleets are like: clocks, seasons, weekdays, holidays and weather show in what their meters count.

use std::collections::HashMap;

use crate::support::{each, fleet, series, sum, told, told_by, whole};
use chrono::{NaiveDate, Timelike};
use metrify_domain::calendar::Zone;
use metrify_domain::calendar::day::local_day;
use metrify_domain::calendar::land::Land;
use metrify_domain::{Decimal, Timestamp};
use metrify_simulation::{Customer, Fleet, Measure, SimulatedMeter, Slice};

#[test]
fn days_on_which_clocks_are_changed_have_92_and_100_quarter_hours() {
    for (day, count) in [("2025-03-30", 92), ("2025-03-31", 96), ("2025-10-26", 100), ("2024-02-29", 96)] {
        let fleet = fleet(day, 1, 4, |settings| settings.surroundings = true);
        let told = told(&fleet);
        let of = |point: &str, measure: Measure| {
            let is_of = |(channel, ..): &&crate::support::Told| {
                channel.point.as_str() == point && channel.quantity == measure.quantity()
            };
            told.iter().filter(is_of).count()
        };
        for number in 0..4 {
            assert_eq!(series(&told, &fleet, number, Measure::Import).len(), count, "{day}");
        }
        assert_eq!(of("TenneT", Measure::Load), count);
        assert_eq!(of("01766", Measure::AirTemperature), count * 3 / 2);
    }
}

#[test]
fn customers_live_by_the_local_clock() {
    // Households get up at the same local hour before and after clocks are set forward.
    let [before, after] = ["2025-03-24", "2025-03-31"].map(|day| steepest_hour(&fleet(day, 5, 300, |_| {})));
    assert_eq!((before, after), (5, 4));
}

/// The hour of UTC, of those in the morning, at whose begin households draw most more than in the hour before.
fn steepest_hour(fleet: &Fleet) -> usize {
    let mut hours = [0_i64; 24];
    let told = told(fleet);
    for meter in plain(fleet, Customer::Household) {
        for (at, value) in series(&told, fleet, meter.number, Measure::Import) {
            hours[at.utc().expect("a date").hour() as usize] += value.units() as i64 / 1_000_000_000;
        }
    }
    (2..9).max_by_key(|hour| 1_000 * hours[*hour] / hours[hour - 1]).expect("an hour")
}

/// Meters of a customer with nothing but usage.
fn plain(fleet: &Fleet, customer: Customer) -> Vec<SimulatedMeter> {
    let meters = (0..fleet.settings().meters).filter_map(|number| fleet.meter(number));
    let is_plain = |meter: &SimulatedMeter| {
        meter.customer == customer
            && meter.photovoltaics_kw_tenths.is_none()
            && meter.heat_pump_w_per_kelvin.is_none()
            && !meter.has_car
    };
    meters.filter(is_plain).collect()
}

#[test]
fn registers_show_the_running_sum() {
    let fleet = fleet("2025-03-28", 6, 40, |_| {});
    let told = told(&fleet);
    let mut feeding_in = 0;
    for number in 0..40 {
        for (register, amount) in
            [(Measure::ImportRegister, Measure::Import), (Measure::ExportRegister, Measure::Export)]
        {
            let (states, amounts) = (series(&told, &fleet, number, register), series(&told, &fleet, number, amount));
            let Some((_, first)) = states.first() else { continue };
            assert_eq!(states.len(), 7);
            feeding_in += u32::from(register == Measure::ExportRegister);
            for (at, state) in &states {
                let advance = state.checked_sub(*first).expect("in range");
                let counted = amounts.iter().filter(|(start, _)| start < at).map(|(_, value)| *value);
                assert_eq!(advance, sum(counted), "{number} {at}");
            }
        }
    }
    assert!(feeding_in > 0);
}

#[test]
fn a_year_of_a_household_is_that_of_a_household() {
    let fleet = fleet("2025-01-01", 365, 60, |settings| settings.registers = false);
    let households = plain(&fleet, Customer::Household);
    assert!(households.len() > 20);
    let years: Vec<Vec<Decimal>> = households
        .iter()
        .map(|meter| told_by(&fleet, meter).into_iter().filter_map(|(_, reading, _)| reading.value).collect())
        .collect();
    let totals: Vec<_> = years.iter().map(|values| whole(sum(values.iter().copied()))).collect();
    assert!(totals.iter().all(|total| (1_500..6_000).contains(total)), "{totals:?}");
    let mean = totals.iter().sum::<i64>() / totals.len() as i64;
    assert!((2_300..3_500).contains(&mean), "{mean}");
    // Hardly any two neighbours are equal: what is stored has to be stored in full.
    let equal = years[0].windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(years[0].len() == 35_040 && equal < 1_752, "{equal} of {}", years[0].len());
}

#[test]
fn photovoltaics_rest_at_night_and_yield_more_in_summer() {
    let months = ["2025-01-01", "2025-07-01"].map(|day| {
        let fleet = fleet(day, 28, 60, |settings| settings.surroundings = true);
        let told = told(&fleet);
        let night = |at: Timestamp| matches!(Zone::BERLIN.clock(at).map(|clock| clock.hour()), Some(23 | 0..=3));
        let of = |measure: Measure| {
            let of = told.iter().filter(move |(channel, ..)| channel.quantity == measure.quantity());
            of.map(|(_, reading, _)| (reading.period.start(), reading.value.unwrap_or_default())).collect::<Vec<_>>()
        };
        [Measure::Export, Measure::Photovoltaics, Measure::GlobalRadiation].map(|measure| {
            let values = of(measure);
            assert!(values.iter().filter(|(at, _)| night(*at)).all(|(_, value)| *value == Decimal::ZERO));
            whole(sum(values.into_iter().map(|(_, value)| value)))
        })
    });
    let [winter, summer] = months;
    for (winter, summer) in winter.into_iter().zip(summer) {
        assert!(winter > 0 && summer > 4 * winter, "{winter} {summer}");
    }
}

#[test]
fn heat_pumps_follow_the_temperature() {
    let fleet = fleet("2025-01-01", 365, 200, |settings| (settings.surroundings, settings.registers) = (true, false));
    let heated = (0..200).filter_map(|number| fleet.meter(number)).find(|meter| {
        meter.heat_pump_w_per_kelvin.is_some() && meter.photovoltaics_kw_tenths.is_none() && !meter.has_car
    });
    let meter = heated.expect("a heat pump among two hundred meters");
    // The sums of the temperature and of what was drawn, by day.
    let mut days: HashMap<NaiveDate, (i64, i64)> = HashMap::new();
    let day = |at: Timestamp| local_day(at).expect("a day");
    each(&fleet, &Slice { meters: 0..0, ..fleet.whole() }, |(channel, reading, _)| {
        if channel.point.as_str() == meter.station().id && channel.quantity == Measure::AirTemperature.quantity() {
            let tenths = reading.value.expect("a value").units() / 100_000_000_000;
            days.entry(day(reading.period.start())).or_default().0 += tenths as i64;
        }
    });
    for (_, reading, _) in told_by(&fleet, &meter) {
        let watt_hours = reading.value.expect("a value").units() / 1_000_000_000;
        days.entry(day(reading.period.start())).or_default().1 += watt_hours as i64;
    }
    days.retain(|_, (_, drawn)| *drawn > 0);
    assert_eq!(days.len(), 365);
    let mut days: Vec<_> = days.into_values().collect();
    days.sort_unstable();
    let drawn = |days: &[(i64, i64)]| days.iter().map(|(_, drawn)| drawn).sum::<i64>() / days.len() as i64;
    assert!(drawn(&days[..60]) > 2 * drawn(&days[150..210]), "{} {}", drawn(&days[..60]), drawn(&days[150..210]));
    assert!(drawn(&days[150..210]) > drawn(&days[300..]));
}

/// What businesses of a Land draw on a day, in kWh.
fn business_day(day: &str, land: Land) -> i64 {
    let fleet = fleet(day, 1, 400, |_| {});
    let told = told(&fleet);
    let of_land = plain(&fleet, Customer::Business).into_iter().filter(|meter| meter.land() == land);
    of_land
        .map(|meter| {
            whole(sum(series(&told, &fleet, meter.number, Measure::Import).into_iter().map(|(_, value)| value)))
        })
        .sum()
}

#[test]
fn businesses_rest_on_sundays_and_on_the_holidays_of_their_land() {
    // Corpus Christi 2025 is a holiday in Bavaria and none in Berlin.
    let (thursday, corpus_christi, sunday) = ("2025-06-12", "2025-06-19", "2025-06-22");
    for (land, rests) in [(Land::Bayern, true), (Land::Berlin, false)] {
        let usual = business_day(thursday, land);
        let holiday = business_day(corpus_christi, land);
        assert!(business_day(sunday, land) * 10 < usual * 8, "{land}");
        assert_eq!(holiday * 10 < usual * 8, rests, "{land}: {holiday} of {usual}");
    }
}

#[test]
fn areas_draw_less_on_sundays_and_are_of_the_size_of_the_real_ones() {
    let of = |day: &str| {
        let fleet = fleet(day, 1, 0, |settings| settings.surroundings = true);
        let loads = told(&fleet).into_iter().filter(|(channel, ..)| channel.quantity == Measure::Load.quantity());
        whole(sum(loads.map(|(_, reading, _)| reading.value.expect("a value"))))
    };
    let (thursday, sunday) = (of("2025-01-16"), of("2025-01-19"));
    assert!((1_100_000..1_800_000).contains(&thursday), "{thursday} MWh on a day in January");
    assert!(sunday * 100 < thursday * 96, "{sunday} {thursday}");
}
