//! The coefficients and weekday factors that the guide publishes (BDEW/VKU/GEODE, Abwicklung von Standardlastprofilen Gas,
//! appendix 6, as of 2025): fifteen profiles, of each the two shapes between which an operator chooses, 33 (45 % linear) and 34
//! (57 %). Cooking kept its sigmoid of before (03).

use super::{Line, SigLinDe, WeekdayFactors};
use crate::decimal::{Decimal, SCALE};

/// Places of a coefficient as published.
const COEFFICIENT_PLACES: u32 = 7;
/// Places of a weekday factor as published.
const WEEKDAY_PLACES: u32 = 4;

/// A profile as the guide publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasProfile {
    /// Kind of customer and shape: `HEF33`.
    pub name: &'static str,
    pub function: SigLinDe,
    pub weekdays: WeekdayFactors,
}

impl GasProfile {
    /// Every published profile.
    pub fn all() -> impl Iterator<Item = Self> {
        PUBLISHED.into_iter().map(Self::of)
    }

    /// The one of this name, written as in the market: `HEF33`, or `DE_HEF33` where the country stands before it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("DE_").unwrap_or(name);
        PUBLISHED.into_iter().find(|row| row.0 == name).map(Self::of)
    }

    fn of((name, [a, b, c, d, heating_slope, heating_start, water_slope, water_start], weekdays): Row) -> Self {
        let coefficient = |units| scaled(units, COEFFICIENT_PLACES);
        let function = SigLinDe {
            a: coefficient(a),
            b: coefficient(b),
            c: coefficient(c),
            d: coefficient(d),
            heating: Line { slope: coefficient(heating_slope), start: coefficient(heating_start) },
            water: Line { slope: coefficient(water_slope), start: coefficient(water_start) },
        };
        Self { name, function, weekdays: WeekdayFactors::new(weekdays.map(|units| scaled(units, WEEKDAY_PLACES))) }
    }
}

fn scaled(units: i64, places: u32) -> Decimal {
    // Numbers of this table have their place; the test of this module makes every profile anew by its checked way.
    Decimal::from_units(i128::from(units) * 10_i128.pow(SCALE - places)).unwrap_or(Decimal::ZERO)
}

/// Name; A, B, C, D, slope and start of heating, slope and start of water, in 10^-7; factors from Monday on, in 10^-4.
type Row = (&'static str, [i64; 8], [i64; 7]);

/// Households know no weekday.
const EVEN: [i64; 7] = [10_000; 7];
const GKO: [i64; 7] = [10_354, 10_523, 10_449, 10_494, 9_885, 8_860, 9_435];
const GHA: [i64; 7] = [10_358, 10_232, 10_252, 10_295, 10_253, 9_675, 8_935];
const GMK: [i64; 7] = [10_699, 10_365, 9_933, 9_948, 10_659, 9_362, 9_034];
const GBD: [i64; 7] = [11_052, 10_857, 10_378, 10_622, 10_266, 7_629, 9_196];
const GBH: [i64; 7] = [9_767, 10_389, 10_028, 10_162, 10_024, 10_043, 9_587];
const GWA: [i64; 7] = [12_457, 12_615, 12_707, 12_430, 11_276, 3_877, 4_638];
const GGA: [i64; 7] = [9_322, 9_894, 10_033, 10_109, 10_180, 10_356, 10_106];
const GBA: [i64; 7] = [10_848, 11_211, 10_769, 11_353, 11_402, 4_852, 9_565];
const GGB: [i64; 7] = [9_897, 9_627, 10_507, 10_552, 10_297, 9_767, 9_353];
const GPD: [i64; 7] = [10_214, 10_866, 10_720, 10_557, 10_117, 9_001, 8_525];
const GMF: [i64; 7] = [10_354, 10_523, 10_449, 10_494, 9_885, 8_860, 9_435];
const GHD: [i64; 7] = [10_300, 10_300, 10_200, 10_300, 10_100, 9_300, 9_500];

const PUBLISHED: [Row; 29] = [
    ("HEF33", [16_209_544, -371_833_141, 56_727_847, 716_431, -495_700, 8_401_015, -22_090, 1_074_468], EVEN),
    ("HEF34", [13_819_663, -374_124_155, 61_723_179, 396_284, -672_159, 11_167_138, -19_982, 1_355_070], EVEN),
    ("HMF33", [12_328_655, -347_213_605, 58_164_304, 873_352, -409_284, 7_672_920, -22_320, 1_199_207], EVEN),
    ("HMF34", [10_443_538, -350_333_754, 62_240_634, 502_917, -535_830, 9_995_901, -21_758, 1_633_299], EVEN),
    ("HKO03", [4_040_932, -244_392_968, 65_718_175, 7_107_710, 0, 0, 0, 0], EVEN),
    ("GKO33", [13_554_515, -351_412_563, 71_303_395, 990_619, -526_487, 8_626_086, -8_808, 964_014], GKO),
    ("GKO34", [14_256_684, -366_590_504, 76_083_226, 371_116, -809_359, 12_364_527, -7_628, 1_002_979], GKO),
    ("GHA33", [19_724_775, -369_650_065, 72_256_947, 345_782, -742_174, 10_448_869, -8_295, 461_795], GHA),
    ("GHA34", [18_398_455, -378_282_037, 81_593_369, 259_710, -1_069_262, 14_552_240, -4_920, 691_851], GHA),
    ("GMK33", [14_202_419, -348_806_130, 65_951_899, 385_317, -521_084, 8_647_919, -14_369, 637_602], GMK),
    ("GMK34", [13_284_913, -358_715_062, 75_186_829, 175_540, -758_983, 11_942_555, -8_980, 603_337], GMK),
    ("GBD33", [14_633_682, -361_794_117, 59_265_162, 808_835, -475_800, 8_230_754, -19_273, 1_077_046], GBD),
    ("GBD34", [15_175_792, -375_000_000, 68_000_000, 295_801, -788_559, 12_161_250, -13_134, 968_721], GBD),
    ("GBH33", [9_874_283, -352_532_124, 61_544_406, 2_265_716, -339_020, 6_938_234, -12_849, 2_029_732], GBH),
    ("GBH34", [9_872_585, -352_532_124, 60_587_001, 793_512, -495_013, 9_637_999, -22_304, 2_288_398], GBH),
    ("GWA33", [3_337_838, -360_237_912, 48_662_747, 4_912_280, -92_263, 4_595_757, -9_676, 3_964_291], GWA),
    ("GWA34", [3_925_339, -353_000_000, 48_662_747, 3_045_099, -167_993, 6_710_889, -20_301, 5_614_623], GWA),
    ("GGA33", [11_582_082, -362_878_584, 65_885_126, 2_235_680, -410_335, 7_526_451, -9_088, 1_916_641], GGA),
    ("GGA34", [11_848_320, -360_000_000, 77_368_518, 793_107, -687_383, 11_308_570, -6_587, 1_910_301], GGA),
    ("GBA33", [2_770_087, -330_000_000, 57_212_303, 4_865_118, -94_849, 4_630_237, -7_134, 3_867_447], GBA),
    ("GBA34", [3_537_640, -333_500_000, 57_212_303, 3_033_305, -177_463, 6_825_699, -13_912, 5_434_624], GBA),
    ("GGB33", [18_213_778, -375_000_000, 63_462_148, 678_118, -607_666, 9_308_159, -13_967, 850_399], GGB),
    ("GGB34", [16_266_812, -378_825_368, 69_836_070, 297_136, -854_333, 12_709_629, -11_319, 928_124], GGB),
    ("GPD33", [17_110_739, -358_000_000, 84_000_000, 702_546, -745_381, 10_463_005, -3_672, 621_882], GPD),
    ("GPD34", [18_834_609, -370_000_000, 102_405_021, 275_470, -1_253_100, 16_275_999, -1_105, 635_119], GPD),
    ("GMF33", [12_328_655, -347_213_605, 58_164_304, 873_352, -409_284, 7_672_920, -22_320, 1_199_207], GMF),
    ("GMF34", [10_443_538, -350_333_754, 62_240_634, 502_917, -535_830, 9_995_901, -21_758, 1_633_299], GMF),
    ("GHD33", [13_010_623, -356_816_144, 66_857_976, 1_409_267, -473_428, 8_141_691, -10_601, 1_325_092], GHD),
    ("GHD34", [12_569_600, -366_078_453, 73_211_870, 776_960, -696_826, 11_379_702, -8_522, 1_921_068], GHD),
];
