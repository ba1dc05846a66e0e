//! Messages of the market, made by hand.

/// A quarter-hour from midnight in Berlin on 2024-04-01, its value's qualifier, and the value.
pub type Amount<'a> = (u32, &'a str, &'a str);

/// A load curve (13025) of market location 50120962218 that its sender wrote at `written_at` (UTC, `202404020307`).
pub fn load_curve(document: &str, written_at: &str, amounts: &[Amount<'_>]) -> String {
    let stamp = |number: u32| {
        let minutes = 22 * 60 + number * 15;
        let day = if minutes < 24 * 60 { "20240331" } else { "20240401" };
        format!("{day}{:02}{:02}?+00:303", minutes / 60 % 24, minutes % 60)
    };
    let mut body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\n".to_owned();
    for (number, qualifier, value) in amounts {
        let (start, end) = (stamp(*number), stamp(*number + 1));
        body.push_str(&format!("QTY+{qualifier}:{value}\nDTM+163:{start}\nDTM+164:{end}\n"));
    }
    message(document, written_at, "13025", &format!("NAD+DP\n{body}"))
}

/// Takes a whole message back (13006).
pub fn storno(document: &str, written_at: &str, of: &str) -> String {
    message(document, written_at, "13006", &format!("RFF+ACW:{of}\nNAD+DP\nLOC+172\n"))
}

fn message(document: &str, written_at: &str, pruefidentifikator: &str, body: &str) -> String {
    // A reference to another message stands among the references, before the parties.
    let (references, body): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.starts_with("RFF+ACW"));
    let function = if references.is_empty() { 9 } else { 1 };
    let head = format!("BGM+7+{document}+{function}\nDTM+137:{written_at}?+00:303\n{}", references.join("\n"));
    let parties = "NAD+MS+9905048000007::293\nNAD+MR+9985046000001::293\nUNS+D";
    let lines = format!("{head}\nRFF+Z13:{pruefidentifikator}\n{parties}\n{}", body.join("\n"));
    let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
    let segments = lines.len() + 2;
    format!(
        "UNA:+.? '\nUNB+UNOC:3+9905048000007:500+9985046000001:500+240402:0307+R{document}++TL'\n\
         UNH+1+MSCONS:D:04B:UN:2.4c'\n{}'\nUNT+{segments}+1'\nUNZ+1+R{document}'\n",
        lines.join("'\n")
    )
}
