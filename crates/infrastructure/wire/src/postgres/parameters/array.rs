//! Arrays that a client gives, of one dimension: as `{a,"b c",null}`, or in PostgreSQL's binary form.

use arrow::datatypes::DataType;
use bytes::Buf;
use datafusion::common::ScalarValue;
use postgres_types::Type;

use super::Given;

/// What the engine calls the elements of an array.
pub(super) fn kind(element: &Type) -> Option<DataType> {
    match *element {
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Some(DataType::Utf8),
        ref element => super::kind(element),
    }
}

/// `None` where it is none of such elements, or has more than one dimension.
pub(super) fn from_text(bytes: &[u8], element: &Type) -> Option<ScalarValue> {
    let inner = std::str::from_utf8(bytes).ok()?.trim().strip_prefix('{')?.strip_suffix('}')?;
    let elements = split(inner)?;
    let values = elements.iter().map(|text| value(element, text.as_ref().map(String::as_bytes), false));
    list(element, &values.collect::<Option<Vec<_>>>()?)
}

/// As [`from_text`].
pub(super) fn from_binary(mut bytes: &[u8], element: &Type) -> Option<ScalarValue> {
    let dimensions = bytes.try_get_i32().ok()?;
    // Whether there are nulls among them, they say themselves.
    bytes.try_get_i32().ok()?;
    let of = Type::from_oid(bytes.try_get_u32().ok()?)?;
    if dimensions == 0 {
        return list(element, &[]);
    }
    if dimensions != 1 || of != *element {
        return None;
    }
    let count = bytes.try_get_i32().ok()?;
    bytes.try_get_i32().ok()?;
    let mut values = Vec::new();
    for _ in 0..count {
        let given = match usize::try_from(bytes.try_get_i32().ok()?) {
            Ok(length) => {
                let (given, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Some(given)
            }
            // Its length is -1.
            Err(_) => None,
        };
        values.push(value(element, given, true)?);
    }
    if bytes.is_empty() { list(element, &values) } else { None }
}

fn value(element: &Type, bytes: Option<&[u8]>, is_binary: bool) -> Option<ScalarValue> {
    let kind = kind(element)?;
    let given = Given { place: 0, of: Some(element), wanted: Some(&kind), is_binary, bytes };
    // Decimals come each with places of its own.
    given.value().ok()?.cast_to(&kind).ok().filter(|value| value.is_null() == bytes.is_none())
}

fn list(element: &Type, values: &[ScalarValue]) -> Option<ScalarValue> {
    Some(ScalarValue::List(ScalarValue::new_list_nullable(values, &kind(element)?)))
}

/// The elements between the braces; `None` for null, and for all of it where a brace or a quotation mark is out of place.
pub(in super::super) fn split(inner: &str) -> Option<Vec<Option<String>>> {
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut elements = Vec::new();
    let (mut element, mut was_quoted, mut is_quoted) = (String::new(), false, false);
    let mut letters = inner.chars();
    loop {
        match letters.next() {
            Some('\\') => element.push(letters.next()?),
            Some('"') => {
                was_quoted = true;
                is_quoted = !is_quoted;
            }
            Some(letter) if is_quoted => element.push(letter),
            Some('{' | '}') => return None,
            next @ (Some(',') | None) => {
                if is_quoted {
                    return None;
                }
                let text = std::mem::take(&mut element);
                let text = if was_quoted { text } else { text.trim().to_owned() };
                let is_null = !was_quoted && text.eq_ignore_ascii_case("null");
                elements.push((!is_null).then_some(text));
                was_quoted = false;
                if next.is_none() {
                    return Some(elements);
                }
            }
            Some(letter) => element.push(letter),
        }
    }
}
