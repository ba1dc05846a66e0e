//! What holds of whatever an operator adds.

use std::sync::LazyLock;

use metrify_governance::{Act, Action, Circumstances, Party, Policies, Principal, Purpose, Resource, Role};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::{act, principal, shipped};

/// It is parsed once: what is tested is what is added.
static SHIPPED: LazyLock<Policies> = LazyLock::new(shipped);

const PRINCIPALS: [&str; 5] = [
    "principal",
    "principal == Principal::\"user:ann\"",
    "principal in Role::\"viewer\"",
    "principal in Role::\"admin\"",
    "principal in Party::\"supplier\"",
];
const ACTIONS: [&str; 5] = [
    "action",
    "action == Action::\"read\"",
    "action in Action::\"use\"",
    "action in [Action::\"deliver\", Action::\"export\"]",
    "action == Action::\"administer\"",
];
const RESOURCES: [&str; 4] = [
    "resource",
    "resource in Kind::\"readings\"",
    "resource in Area::\"administration\"",
    "resource in Kind::\"tenants\"",
];
const CONDITIONS: [&str; 7] = [
    "",
    "when { resource.tenant == Tenant::\"stadtwerk\" }",
    "when { principal.tenant != resource.tenant }",
    "when { context.purpose == Purpose::\"none\" || resource.personal }",
    "unless { principal.tenant == Tenant::\"default\" }",
    "when { resource has subject && resource.subject like \"1*\" }",
    "when { context.granted }",
];

/// A text of up to five policies, which mostly permit.
fn own() -> impl Strategy<Value = String> {
    let effect = select(vec!["permit", "permit", "forbid"]);
    let scope = (select(PRINCIPALS.to_vec()), select(ACTIONS.to_vec()), select(RESOURCES.to_vec()));
    let policy =
        (effect, scope, select(CONDITIONS.to_vec())).prop_map(|(effect, (principal, action, resource), when)| {
            format!("{effect} ({principal}, {action}, {resource}) {when};\n")
        });
    vec(policy, 0..5).prop_map(|policies| policies.concat())
}

fn who() -> impl Strategy<Value = Principal> {
    let purposes = subsequence(Purpose::all().collect::<Vec<_>>(), 0..4);
    let parties = subsequence(Party::ALL.to_vec(), 0..=9);
    (select(vec!["default", "stadtwerk"]), select(Role::ALL.to_vec()), parties, purposes).prop_map(
        |(tenant, role, parties, purposes)| Principal {
            role,
            parties,
            purposes,
            ..principal(&format!("viewer {tenant} - -"))
        },
    )
}

fn what() -> impl Strategy<Value = Act> {
    let subject = proptest::option::of(any::<String>());
    let kind = (select(Action::ALL.to_vec()), select(Resource::ALL.to_vec()));
    (select(vec!["default", "stadtwerk"]), kind, subject).prop_map(|(tenant, (action, resource), subject)| Act {
        action,
        resource,
        tenant: tenant.parse().expect(tenant),
        subject,
    })
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let purpose = select(Purpose::all().map(Some).chain([None]).collect::<Vec<_>>());
    let grant = select(vec![None, Some("5e55".to_owned())]);
    (purpose, grant, any::<bool>()).prop_map(|(purpose, grant, own)| Circumstances { purpose, grant, own })
}

/// What the shipped policies say of it to an admin: what the law and the walls between tenants leave open at most.
fn at_most(who: &Principal, circumstances: &Circumstances, act: &Act) -> bool {
    SHIPPED.decide(&Principal { role: Role::Admin, ..who.clone() }, circumstances, act).allowed
}

proptest! {
    #[test]
    fn what_operators_add_opens_no_other_tenant_and_no_other_purpose(
        own in own(), who in who(), circumstances in circumstances(), act in what(),
    ) {
        let decision = SHIPPED.with(&own).expect(&own).decide(&who, &circumstances, &act);
        if who.tenant != act.tenant {
            prop_assert!(!decision.allowed, "{decision:?}");
        }
        prop_assert!(!decision.allowed || at_most(&who, &circumstances, &act), "{decision:?}");
    }

    #[test]
    fn every_decision_has_a_reason_and_is_the_same_again(
        own in own(), who in who(), circumstances in circumstances(), act in what(),
    ) {
        let policies = SHIPPED.with(&own).expect(&own);
        let decision = policies.decide(&who, &circumstances, &act);
        prop_assert!(!decision.reasons.is_empty());
        prop_assert!(decision.reasons.iter().all(|reason| !reason.text.is_empty()));
        prop_assert_eq!(&policies.decide(&who, &circumstances, &act), &decision);
        prop_assert_eq!(&SHIPPED.with(&own).expect(&own).decide(&who, &circumstances, &act), &decision);
    }

    #[test]
    fn the_shipped_ones_do_not_see_which_thing_it_is(
        who in who(), circumstances in circumstances(), act in what(), subject in any::<String>(),
    ) {
        let other = Act { subject: act.subject.is_some().then_some(subject), ..act.clone() };
        let decision = SHIPPED.decide(&who, &circumstances, &act);
        prop_assert_eq!(SHIPPED.decide(&who, &circumstances, &other), decision);
        prop_assert!(!SHIPPED.tell_subjects_apart());
    }

    #[test]
    fn any_text_is_taken_or_refused_and_ends_nothing(text in any::<String>()) {
        // What is taken can be asked.
        if let Ok(policies) = SHIPPED.with(&text) {
            let decision = policies.decide(&principal("viewer default - -"), &None.into(), &act("read stadtwerk users"));
            prop_assert!(!decision.allowed, "{decision:?}");
        }
    }
}
