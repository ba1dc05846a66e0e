//! What one record tells: a reading, a fact about the meter, or a time.

use metrify_domain::{Decimal, Unit};

use super::extension::{self, Extended};
use super::moment::{self, Moment};
use super::record::{Data, Record, Table, Vib};
use super::value::{self, Number};
use super::vif::{self, Class, Meaning};

/// Longest name that is made of a text, in letters.
const TEXT_NAME_MAX: usize = 20;

/// What a record tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Without what the register adds to it.
    pub name: String,
    pub words: Vec<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Value(Value),
    Fact(String),
    Time(Moment),
    /// No data, or data that are kept nowhere.
    Nothing,
}

/// What becomes a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// It is the state of a register.
    pub counted: bool,
    pub shown: Shown,
    pub unit: Unit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Number {
        value: Decimal,
        float: bool,
    },
    /// Why there is no value.
    Missing(String),
}

/// Reads a record.
///
/// # Errors
/// In words, where it is not understood.
pub(super) fn tell(record: &Record<'_>) -> Result<Told, String> {
    let vib = &record.vib;
    match vib.table {
        Table::Maker => {
            let unit = Unit::literal("1");
            told(extension::maker_word(vib.extensions), Vec::new(), bare(record.data, unit)?)
        }
        Table::Text => {
            let letters = value::letters(vib.text);
            let unit = Unit::new(&letters).unwrap_or(const { Unit::literal("1") });
            let meaning = Meaning { name: "text", unit: "1", exponent: 0, class: Class::Momentary };
            let extended = extension::extend(meaning, vib.extensions)?;
            let what = match record.data {
                Data::Text(_) => fact(&extended, record.data)?,
                _ => measured(&extended, record.data, unit)?,
            };
            told(text_name(&letters), extended.words, what)
        }
        Table::Primary | Table::First | Table::Second => {
            let meaning = vif::meaning(vib.table, vib.code).ok_or_else(|| unknown(vib))?;
            let extended = extension::extend(meaning, vib.extensions)?;
            let what = match extended.meaning.class {
                Class::Secret => What::Nothing,
                Class::Time => time(record.data),
                Class::Flags => value::flags(record.data).map_or(What::Nothing, What::Fact),
                Class::Fact => fact(&extended, record.data)?,
                Class::Counter | Class::Momentary => {
                    let text = format!("{}{}", extended.meaning.unit, extended.per);
                    let unit = Unit::new(&text).ok_or_else(|| format!("the unit {text} is too long"))?;
                    measured(&extended, record.data, unit)?
                }
            };
            told(meaning.name.to_owned(), extended.words, what)
        }
    }
}

/// Whether a record holds a value that becomes a reading, as far as its VIF tells.
pub(super) fn is_measured(record: &Record<'_>) -> bool {
    let class = vif::meaning(record.vib.table, record.vib.code).map(|meaning| meaning.class);
    matches!(class, Some(Class::Counter | Class::Momentary))
}

fn told(name: String, words: Vec<String>, what: What) -> Result<Told, String> {
    Ok(Told { name, words, what })
}

fn unknown(vib: &Vib<'_>) -> String {
    let bytes: Vec<String> = vib.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("the VIF {} is reserved or not known", bytes.join(" "))
}

fn measured(extended: &Extended, data: Data<'_>, unit: Unit) -> Result<What, String> {
    let shown = match extended.no_value {
        Some(code) => Some(Shown::Missing(format!("record error {code:02x}"))),
        None => value::number(data, extended.meaning.exponent)?.map(|number| match number {
            Number::Invalid(reason) => Shown::Missing(reason),
            Number::Value { value, float } => Shown::Number { value, float },
        }),
    };
    let counted = extended.meaning.class == Class::Counter;
    Ok(shown.map_or(What::Nothing, |shown| What::Value(Value { counted, shown, unit })))
}

/// A value of which only the maker knows what it is.
fn bare(data: Data<'_>, unit: Unit) -> Result<What, String> {
    let meaning = Meaning { name: "maker", unit: "1", exponent: 0, class: Class::Momentary };
    match data {
        Data::Text(_) => Ok(value::text(data).map_or(What::Nothing, What::Fact)),
        _ => measured(&Extended { meaning, per: "", words: Vec::new(), no_value: None }, data, unit),
    }
}

fn fact(extended: &Extended, data: Data<'_>) -> Result<What, String> {
    let Meaning { unit, exponent, .. } = extended.meaning;
    if unit == "1" && exponent == 0 || matches!(data, Data::Text(_)) {
        return Ok(value::text(data).filter(|text| !text.is_empty()).map_or(What::Nothing, What::Fact));
    }
    Ok(match value::number(data, exponent)? {
        Some(Number::Value { value, .. }) => What::Fact(format!("{value} {unit}{}", extended.per)),
        Some(Number::Invalid(reason)) => What::Fact(reason),
        None => What::Nothing,
    })
}

fn time(data: Data<'_>) -> What {
    match moment::read(data) {
        Some(moment) => What::Time(moment),
        // Other forms of date, such as texts.
        None => value::text(data).map_or(What::Nothing, What::Fact),
    }
}

/// `text.` and what the meter calls it, in the letters that names have.
fn text_name(letters: &str) -> String {
    let mut name = "text".to_owned();
    let mut mark = '.';
    for letter in letters.chars().take(TEXT_NAME_MAX).map(|letter| letter.to_ascii_lowercase()) {
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() {
            name.extend([mark, letter].into_iter().filter(|letter| *letter != ' '));
            mark = ' ';
        } else if mark == ' ' {
            mark = '_';
        }
    }
    name
}
