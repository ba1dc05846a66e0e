//! Decisions through the front door: somebody and an act in, allowed or not and why out.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

mod cases;
mod consent;
mod explained;
mod law;
mod matrix;
mod operators;
mod properties;

use std::fmt::Write;

use metrify_governance::{Act, Circumstances, Decision, Policies, Principal, Purpose};

/// `viewer default metering_operator,supplier metering`: role, tenant, parties and own purposes; `-` for none of a
/// list.
fn principal(text: &str) -> Principal {
    let words: Vec<_> = text.split(' ').collect();
    let [role, tenant, parties, purposes] = words.as_slice() else { panic!("{text}") };
    let listed = |list: &str| list.split(',').filter(|word| *word != "-").map(str::to_owned).collect::<Vec<_>>();
    Principal {
        name: "user:ann".to_owned(),
        tenant: tenant.parse().expect(text),
        parties: listed(parties).iter().map(|party| party.parse().expect(text)).collect(),
        role: role.parse().expect(text),
        purposes: listed(purposes).iter().map(|purpose| purpose.parse().expect(text)).collect(),
        expires_at: None,
    }
}

/// `read default readings 10315`: action, tenant, resource and, where it is one, which.
fn act(text: &str) -> Act {
    let words: Vec<_> = text.split(' ').collect();
    let [action, tenant, resource, subject @ ..] = words.as_slice() else { panic!("{text}") };
    Act {
        action: action.parse().expect(text),
        resource: resource.parse().expect(text),
        tenant: tenant.parse().expect(text),
        subject: subject.first().map(|subject| (*subject).to_owned()),
    }
}

/// What [`act`] reads, and `for PURPOSE` where one is named, and `by GRANT` where one covers it.
fn decide(policies: &Policies, who: &str, what: &str) -> Decision {
    let (what, grant) = what.split_once(" by ").map_or((what, None), |(what, grant)| (what, Some(grant)));
    let (what, purpose) = what.split_once(" for ").map_or((what, None), |(what, purpose)| (what, Some(purpose)));
    let purpose: Option<Purpose> = purpose.map(|purpose| purpose.parse().expect(purpose));
    let circumstances = Circumstances { purpose, grant: grant.map(str::to_owned), own: false };
    policies.decide(&principal(who), &circumstances, &act(what))
}

fn shipped() -> Policies {
    Policies::shipped().expect("the shipped policies")
}

/// One line for the decision, and one per reason.
fn describe(decision: &Decision) -> String {
    let mut text = String::from(if decision.allowed { "allowed\n" } else { "denied\n" });
    for reason in &decision.reasons {
        writeln!(text, "  {reason}").expect("text");
    }
    text
}
