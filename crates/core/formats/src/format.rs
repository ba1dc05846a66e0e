//! The formats we know, by name, and their decoders. A new format is one file and one line here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use metrify_domain::calendar::Zone;
use metrify_domain::{Point, Quantity, Timestamp};

use crate::detect::Head;
use crate::keys::Keys;
use crate::output::Output;
use crate::page::Table;

/// What a caller knows about a delivery and its bytes do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The zone of stamps that carry none.
    pub zone: Option<Zone>,
    /// The area of grid files that name none.
    pub area: Option<Point>,
    /// The point of what names none: tables such as a column of times beside a column of values, telegrams of meters without a
    /// number, amounts without a location.
    pub point: Option<Point>,
    /// What the values of files are that do not say it themselves.
    pub quantity: Option<Quantity>,
    /// When the delivery was received: the time of values whose meter has no clock.
    pub received_at: Timestamp,
    /// The keys of meters that encrypt what they send.
    pub keys: Arc<Keys>,
    /// Tariff 1 of DSMR meters is read as the normal one and 2 as the low one, as Belgium counts them.
    pub swap_tariffs: bool,
}

impl Options {
    /// For a delivery of which nothing is known but when it was received.
    #[must_use]
    pub fn at(received_at: Timestamp) -> Self {
        Self {
            zone: None,
            area: None,
            point: None,
            quantity: None,
            received_at,
            keys: Arc::default(),
            swap_tariffs: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a format; there are {}", Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat {
    pub name: String,
}

macro_rules! formats {
    ($($variant:ident = $name:literal in $module:ident,)+ ; columnar $($columnar:ident = $columnar_name:literal,)+) => {
        /// A format that deliveries come in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Format {
            $($variant,)+
            $($columnar,)+
        }

        impl Format {
            pub const ALL: [Self; [$($name,)+ $($columnar_name,)+].len()] = [$(Self::$variant,)+ $(Self::$columnar,)+];

            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    $(Self::$columnar => $columnar_name,)+
                }
            }

            /// What in the first bytes speaks for this format, in words; `None` where nothing does.
            #[must_use]
            pub fn recognise(self, head: &Head<'_>) -> Option<&'static str> {
                match self {
                    $(Self::$variant => crate::$module::recognise(head),)+
                    Self::Parquet => head.bytes.starts_with(b"PAR1").then_some("the Parquet signature"),
                    Self::Arrow if head.bytes.starts_with(b"ARROW1") => Some("the Arrow file signature"),
                    // A stream opens with a continuation mark and the length of its schema, which has three zero bytes at most.
                    Self::Arrow => (head.bytes.starts_with(&[0xff; 4]) && head.bytes.get(6..8) == Some(&[0, 0]))
                        .then_some("the beginning of an Arrow stream"),
                }
            }
        }

        impl Format {
            /// The tables that its decoder works by, for its page in `docs/formats`.
            #[must_use]
            pub fn tables(self) -> Vec<Table> {
                match self {
                    $(Self::$variant => crate::$module::tables(),)+
                    $(Self::$columnar => Vec::new(),)+
                }
            }
        }

        /// Turns the bytes of one delivery into readings, piece by piece.
        pub enum Decoder {
            $($variant(crate::$module::Decoder),)+
        }

        impl Decoder {
            /// `None` for the columnar formats, which are read where Arrow is known.
            #[must_use]
            pub fn new(format: Format, options: &Options) -> Option<Self> {
                match format {
                    $(Format::$variant => Some(Self::$variant(crate::$module::Decoder::new(options))),)+
                    $(Format::$columnar => None,)+
                }
            }

            /// Reads the next bytes.
            pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
                out.set_between(self.format().between());
                match self {
                    $(Self::$variant(decoder) => decoder.push(bytes, out),)+
                }
            }

            const fn format(&self) -> Format {
                match self {
                    $(Self::$variant(_) => Format::$variant,)+
                }
            }

            /// Reads what was held back until the end.
            pub fn finish(&mut self, out: &mut Output<'_>) {
                match self {
                    $(Self::$variant(decoder) => decoder.finish(out),)+
                }
                out.flush();
            }
        }
    };
}

formats! {
    Sml = "sml" in sml,
    Dlms = "dlms" in dlms,
    D0 = "d0" in d0,
    Dsmr = "dsmr" in dsmr,
    Mscons = "mscons" in mscons,
    Utilmd = "utilmd" in utilmd,
    Contrl = "contrl" in contrl,
    Aperak = "aperak" in aperak,
    Edifact = "edifact" in edifact,
    Ndjson = "ndjson" in ndjson,
    Csv = "csv" in csv,
    Smard = "smard" in smard,
    Dwd = "dwd" in dwd,
    Mosmix = "mosmix" in mosmix,
    Mbus = "mbus" in mbus,
    LoadProfile = "load_profile" in load_profile,
    Entsoe = "entsoe" in entsoe,
    Smgw = "smgw" in smgw,
    Greenbutton = "greenbutton" in greenbutton,
    Poi = "poi" in poi,
    Redispatch = "redispatch" in redispatch,
    Netztransparenz = "netztransparenz" in netztransparenz,
    Frequency = "frequency" in frequency,
    Nem12 = "nem12" in nem12,
    Bo4e = "bo4e" in bo4e,
    OpenWeatherMap = "openweathermap" in openweathermap,
    Brightsky = "brightsky" in brightsky,
    SmardChart = "smard_chart" in smard_chart,
    TrafficLight = "traffic_light" in traffic_light,
    ;
    columnar
    Parquet = "parquet",
    Arrow = "arrow",
}

impl Format {
    /// What stands between parts of a delivery that are read again as one: nothing between telegrams, else the end of a line.
    const fn between(self) -> &'static [u8] {
        match self {
            Self::Sml | Self::Dlms | Self::D0 | Self::Dsmr | Self::Mbus => b"",
            _ => b"\n",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| UnknownFormat { name: name.chars().take(40).collect() })
    }
}
