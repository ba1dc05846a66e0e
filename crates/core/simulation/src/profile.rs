//! How the hours of a day share out a year's energy: households and businesses by season and day type.
//!
//! The tables are the means over each hour of the BDEW's standard load profiles H0 and G0 of 1999, in watts where a year makes
//! 1000 kWh. Hours are those of the local clock, so that people get up at the same hour after the clocks were changed.

use metrify_domain::calendar::working_day::DayType;

use crate::curve::ONE;
use crate::meter::Customer;

/// Quarter-hours that a local clock shows in a day.
pub(crate) const CLOCK_QUARTERS: usize = 96;
/// Parts of a watt that a profile counts in.
pub(crate) const WATT_PARTS: i64 = 8;
/// The mean of a year in which 1000 kWh are drawn, in parts of a watt.
pub(crate) const MEAN_WATTS: i64 = 1_000 * 1_000 * WATT_PARTS / 8_766;

type Hours = [i64; 24];
/// By season (winter, summer) and day type (working day, Saturday, Sunday).
type Year = [[Hours; 3]; 2];

const HOUSEHOLD: Year = [
    [
        [
            58, 43, 40, 38, 39, 47, 90, 129, 134, 123, 116, 118, 131, 129, 115, 105, 105, 129, 166, 187, 168, 141, 117,
            86,
        ],
        [
            67, 53, 42, 40, 38, 40, 53, 82, 120, 142, 148, 155, 167, 166, 153, 144, 145, 180, 209, 210, 172, 134, 122,
            104,
        ],
        [78, 56, 45, 41, 39, 39, 41, 50, 89, 138, 174, 203, 207, 173, 136, 117, 107, 126, 156, 176, 160, 136, 115, 85],
    ],
    [
        [
            74, 55, 50, 47, 49, 59, 98, 130, 142, 144, 139, 142, 158, 153, 132, 119, 115, 122, 142, 165, 167, 158, 144,
            112,
        ],
        [
            83, 64, 52, 50, 50, 52, 64, 93, 128, 156, 165, 171, 182, 176, 157, 148, 145, 149, 166, 180, 173, 154, 149,
            125,
        ],
        [
            90, 67, 54, 51, 50, 49, 51, 70, 112, 160, 187, 206, 209, 175, 144, 124, 108, 110, 127, 152, 159, 150, 140,
            108,
        ],
    ],
];
/// H0 is to be made dynamic: more in winter, less in summer. In 1024ths.
const HOUSEHOLD_SEASONS: [i64; 2] = [1_240, 800];

const BUSINESS: Year = [
    [
        [61, 53, 48, 50, 60, 67, 81, 115, 188, 229, 232, 239, 220, 184, 173, 191, 201, 204, 168, 117, 96, 84, 76, 71],
        [74, 73, 65, 64, 66, 71, 80, 118, 170, 194, 204, 207, 197, 172, 129, 96, 84, 91, 97, 97, 94, 85, 77, 69],
        [60, 53, 46, 42, 42, 44, 50, 51, 49, 55, 66, 73, 78, 80, 74, 66, 62, 79, 92, 94, 89, 78, 70, 62],
    ],
    [
        [68, 58, 54, 54, 65, 71, 75, 102, 164, 198, 203, 209, 196, 171, 165, 175, 176, 170, 140, 98, 89, 87, 81, 76],
        [77, 75, 69, 67, 70, 72, 77, 114, 161, 176, 180, 185, 180, 158, 118, 89, 77, 75, 79, 80, 85, 85, 78, 72],
        [66, 57, 51, 48, 47, 46, 47, 53, 54, 59, 66, 72, 77, 79, 73, 64, 60, 68, 75, 79, 83, 82, 74, 66],
    ],
];
const BUSINESS_SEASONS: [i64; 2] = [ONE, ONE];

/// The profile of a day in parts of a watt, one value for every quarter-hour of the clock.
type Day = [i64; CLOCK_QUARTERS];

/// The profiles of a day of the year, by day type.
#[derive(Debug)]
pub(crate) struct Profiles {
    household: [Day; 3],
    business: [Day; 3],
}

impl Profiles {
    /// `winter` is how much it is winter, from 0 to [`ONE`].
    pub(crate) fn new(winter: i64) -> Self {
        let household = blend(&HOUSEHOLD, HOUSEHOLD_SEASONS, winter);
        Self { household, business: blend(&BUSINESS, BUSINESS_SEASONS, winter) }
    }

    pub(crate) fn of_customer(&self, customer: Customer, day_type: DayType) -> &Day {
        let days = match customer {
            Customer::Household => &self.household,
            Customer::Business => &self.business,
        };
        &days[day_type as usize]
    }

    /// A control area draws as much for businesses as for households.
    pub(crate) fn of_area(&self, day_type: DayType, clock_quarter: usize) -> i64 {
        let of = |customer| self.of_customer(customer, day_type)[clock_quarter];
        (of(Customer::Household) + of(Customer::Business)) / 2
    }
}

fn blend(year: &Year, seasons: [i64; 2], winter: i64) -> [Day; 3] {
    let [cold, warm] = [winter * seasons[0], (ONE - winter) * seasons[1]];
    std::array::from_fn(|day_type| {
        std::array::from_fn(|quarter| {
            let of = |season: usize| between_hours(&year[season][day_type], quarter);
            (of(0) * cold + of(1) * warm) / (ONE * ONE)
        })
    })
}

/// The value of a quarter-hour in parts of a watt: the mean of an hour holds at its middle, and in between it runs straight.
fn between_hours(hours: &Hours, quarter: usize) -> i64 {
    // In eighths of an hour: the middle of the quarter-hour, less half an hour.
    let place = (2 * quarter + 1 + 8 * 24 - 4) % (8 * 24);
    let (hour, part) = (place / 8, (place % 8) as i64);
    hours[hour] * (WATT_PARTS - part) + hours[(hour + 1) % 24] * part
}

#[cfg(test)]
mod tests {
    use super::{MEAN_WATTS, Profiles};
    use crate::curve::ONE;
    use crate::meter::Customer;
    use metrify_domain::calendar::working_day::DayType;

    #[test]
    fn a_year_of_a_profile_is_about_the_energy_it_shares_out() {
        for customer in [Customer::Household, Customer::Business] {
            let of = |winter: i64, day_type: DayType| {
                Profiles::new(winter).of_customer(customer, day_type).iter().sum::<i64>() / 96
            };
            let week = |winter| {
                5 * of(winter, DayType::WorkingDay) + of(winter, DayType::Saturday) + of(winter, DayType::Sunday)
            };
            let mean = (week(0) + week(ONE / 2) + week(ONE)) / 21;
            assert!((mean * 100 / MEAN_WATTS - 100).abs() <= 6, "{customer:?}: {mean} of {MEAN_WATTS}");
        }
    }

    #[test]
    fn businesses_work_by_day_and_households_by_evening() {
        let profiles = Profiles::new(ONE);
        let of = |customer, day_type, hour: usize| profiles.of_customer(customer, day_type)[hour * 4];
        let (working_day, sunday) = (DayType::WorkingDay, DayType::Sunday);
        assert!(of(Customer::Business, working_day, 11) > 2 * of(Customer::Business, sunday, 11));
        assert!(of(Customer::Household, working_day, 19) > 4 * of(Customer::Household, working_day, 3));
    }
}
