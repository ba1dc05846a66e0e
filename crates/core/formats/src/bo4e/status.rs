//! Statuses of values (Messwertstatus, Messwertstatuszusatz): the words of BO4E for the codes of MSCONS, one to one.

use metrify_domain::{Code, Quality};

use crate::dates::shown;
use crate::json::Value;
use crate::mscons::standing::standing;
use crate::mscons::status::{joined_with, names_method};
use crate::page::Table;

/// Messwertstatus, with the qualifier of MSCONS (QTY DE6063) that says the same.
const STATUSES: [(&str, &str); 9] = [
    ("ABGELESEN", "220"),
    ("ERSATZWERT", "67"),
    ("ANGABE_FUER_LIEFERSCHEIN", "Z31"),
    ("VORSCHLAGSWERT", "201"),
    ("NICHT_VERWENDBAR", "20"),
    ("PROGNOSEWERT", "187"),
    ("VORLAEUFIGERWERT", "Z18"),
    ("ENERGIEMENGESUMMIERT", "79"),
    ("FEHLT", "Z30"),
];

/// Wertermittlungsverfahren of older versions, which had it instead of a status.
const PROCEDURES: [(&str, &str); 2] = [("MESSUNG", "220"), ("PROGNOSE", "187")];

/// What the statuses of a value say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) quality: Quality,
    pub(super) method: Option<Code>,
    pub(super) reason: Option<Code>,
}

impl Standing {
    /// # Errors
    /// Where a status is none that we know: how far the value can be trusted is then unknown.
    pub(super) fn read(status: Option<Value<'_>>, additions: Option<Value<'_>>) -> Result<Self, String> {
        let (quality, method) = match status {
            None => (Quality::True, None),
            Some(status) => {
                let name = status.said().unwrap_or_default();
                let known = STATUSES.iter().chain(&PROCEDURES).find(|(known, _)| *known == name);
                let code = known.and_then(|(_, code)| standing(code.as_bytes()));
                code.ok_or_else(|| format!("`{}` is no Messwertstatus that we know", shown(&name)))?
            }
        };
        let mut standing = Self { quality, method, reason: None };
        match additions {
            None => {}
            Some(Value::List(list)) => list.elements().try_for_each(|addition| standing.add(addition))?,
            Some(addition) => standing.add(addition)?,
        }
        Ok(standing)
    }

    /// Takes in `Z92_INTERPOLATION`: the code alone says all.
    fn add(&mut self, addition: Value<'_>) -> Result<(), String> {
        let said = addition.said().unwrap_or_default();
        let code = said.split('_').next().unwrap_or_default();
        let is_code =
            matches!(code.len(), 2 | 3) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let unknown = || format!("`{}` is no Messwertstatuszusatz that we know", shown(&said));
        if !is_code {
            return Err(unknown());
        }
        let joined = if names_method(code) { &mut self.method } else { &mut self.reason };
        *joined = Some(joined_with(*joined, code).ok_or_else(unknown)?);
        Ok(())
    }
}

pub(super) fn table() -> Table {
    let rows = STATUSES.iter().chain(&PROCEDURES).map(|(name, code)| {
        let (quality, method) = standing(code.as_bytes()).unwrap_or((Quality::Missing, None));
        let method = method.map(|method| format!("`{method}`")).unwrap_or_default();
        vec![format!("`{name}`"), format!("`{code}`"), format!("`{quality}`"), method]
    });
    Table { name: "statuses", columns: &["status", "QTY of MSCONS", "quality", "method"], rows: rows.collect() }
}
