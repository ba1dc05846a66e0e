//! How PostgreSQL writes the form of a moment, and how the engine does: `YYYY-MM-DD` is `%Y-%m-%d` to it.

use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

/// Functions whose second argument is the form of a moment.
const OF_FORMS: [&str; 3] = ["to_char", "to_timestamp", "to_date"];
/// Longer ones first: one is the beginning of another.
const PARTS: [(&str, &str); 19] = [
    ("YYYY", "%Y"),
    ("IYYY", "%G"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    (".US", "%.6f"),
    (".MS", "%.3f"),
    ("DDD", "%j"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("ID", "%u"),
    ("IW", "%V"),
    ("HH", "%I"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("US", "%6f"),
    ("MS", "%3f"),
    ("AM", "%p"),
    ("PM", "%p"),
];

/// The same call with the form as the engine writes it; `None` for another function, or a form that is none of PostgreSQL's.
pub(super) fn of(function: &Function) -> Option<Expr> {
    if !OF_FORMS.contains(&function.name.to_string().to_lowercase().as_str()) {
        return None;
    }
    let mut function = function.clone();
    let FunctionArguments::List(arguments) = &mut function.args else { return None };
    let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(form)))] = arguments.args.as_mut_slice() else {
        return None;
    };
    let Value::SingleQuotedString(written) = &form.value else { return None };
    form.value = Value::SingleQuotedString(formed(written)?);
    Some(Expr::Function(function))
}

fn formed(mut written: &str) -> Option<String> {
    let mut formed = String::new();
    while let Some(letter) = written.chars().next() {
        let part = PARTS
            .iter()
            .find(|(part, _)| written.get(..part.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(part)));
        if let Some((part, form)) = part {
            formed.push_str(form);
            written = &written[part.len()..];
        } else if letter == '"' {
            // What stands in quotation marks is meant as it is.
            let (text, rest) = written[1..].split_once('"')?;
            formed.push_str(text);
            written = rest;
        } else if letter.is_alphanumeric() || letter == '%' {
            return None;
        } else {
            formed.push(letter);
            written = &written[letter.len_utf8()..];
        }
    }
    Some(formed)
}
