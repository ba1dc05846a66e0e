//! What is done because the user of a connection consented: one point at a time, as long as a grant covers it.

use expect_test::{Expect, expect};
use metrify_governance::{Action, Circumstances, Party, Principal, Purpose, Resource, Role};

use crate::{act, decide, describe, principal, shipped};

fn check(who: &str, what: &str, expected: &Expect) {
    expected.assert_eq(&describe(&decide(&shipped(), who, what)));
}

const WHO: &str = "viewer default consented -";

#[test]
fn a_grant_opens_its_point_and_is_named() {
    check(
        WHO,
        "read default readings 50120962218 for consent by 5e55",
        &expect![[r#"
        allowed
          role.viewer: a viewer reads what is measured
          msbg.49.2.9: the user of the connection consented, by grant 5e55 (MsbG 49(2) no. 9, GDPR 7)
    "#]],
    );
    check(
        WHO,
        "read default meters 1EMH0010599732 for consent by 5e55",
        &expect![[r#"
        allowed
          role.viewer.master_data: a viewer reads master data
          msbg.49.2.9: the user of the connection consented, by grant 5e55 (MsbG 49(2) no. 9, GDPR 7)
    "#]],
    );
}

#[test]
fn nothing_is_told_of_a_point_without_a_grant_to_an_admin_neither() {
    for role in ["viewer", "admin"] {
        check(
            &format!("{role} default consented -"),
            "read default readings 50120962218 for consent",
            &expect![[r#"
            denied
              consent.granted: no grant of the user of the connection covers this point for who asks, at this time (GDPR 6(1)(a), 7(3))
        "#]],
        );
    }
}

#[test]
fn no_grant_covers_what_is_of_all_points_at_once() {
    for what in ["query default tables", "export default tables", "read default readings", "read default deliveries"] {
        check(
            "analyst default consented -",
            &format!("{what} for consent by 5e55"),
            &expect![[r#"
            denied
              consent.one_point: a grant is for one point, and this is of all at once (GDPR 6(1)(a))
        "#]],
        );
    }
}

#[test]
fn a_grant_opens_nothing_for_another_purpose_or_to_another_party() {
    check(
        WHO,
        "read default readings 50120962218 for supply_billing by 5e55",
        &expect![[r#"
        denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
    check(
        "viewer default supplier -",
        "read default readings 50120962218 for consent by 5e55",
        &expect![[r#"
        denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
}

#[test]
fn what_the_law_allows_by_itself_needs_no_grant() {
    check(
        "viewer default metering_operator,consented -",
        "read default readings 50120962218 for metering",
        &expect![[r#"
        allowed
          role.viewer: a viewer reads what is measured
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
    "#]],
    );
    check(
        WHO,
        "read default weather_stations for consent",
        &expect![[r#"
        allowed
          role.viewer.master_data: a viewer reads master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
}

/// Of every role, action and kind of personal things.
#[test]
fn no_use_by_consent_is_allowed_but_of_one_thing_under_a_grant() {
    let policies = shipped();
    let consent: Vec<Purpose> = Purpose::all().filter(|purpose| purpose.rests_on_consent()).collect();
    assert_eq!(consent.iter().map(ToString::to_string).collect::<Vec<_>>(), ["consent"]);
    for (role, purpose) in Role::ALL.into_iter().flat_map(|role| consent.iter().map(move |purpose| (role, *purpose))) {
        let principal = Principal { role, parties: Party::ALL.to_vec(), ..principal("viewer default - -") };
        for resource in Resource::ALL.into_iter().filter(|resource| resource.is_personal()) {
            for action in [Action::Read, Action::Query, Action::Export] {
                for (subject, grant) in [(false, false), (true, false), (false, true), (true, true)] {
                    let subject = subject.then(|| "50120962218".to_owned());
                    let act = metrify_governance::Act { action, resource, subject, ..act("read default readings") };
                    let grant = grant.then(|| "5e55".to_owned());
                    let circumstances = Circumstances { purpose: Some(purpose), grant, own: false };
                    let allowed = policies.decide(&principal, &circumstances, &act).allowed;
                    let covered = act.subject.is_some() && circumstances.grant.is_some();
                    assert!(!allowed || covered, "{principal:?} {circumstances:?} {act:?}");
                }
            }
        }
    }
}

#[test]
fn grants_are_kept_by_admins_and_operators_alone() {
    let policies = shipped();
    for (role, keeps) in [("admin", true), ("operator", true), ("analyst", false), ("viewer", false), ("api", false)] {
        for what in ["administer default grants 50120962218", "read default grants"] {
            let who = format!("{role} default consented -");
            assert_eq!(decide(&policies, &who, what).allowed, keeps, "{role} {what}");
            assert!(!decide(&policies, &who, &what.replace("default", "stadtwerk")).allowed, "{role} {what}");
        }
    }
    check(
        "operator default consented -",
        "administer default grants 50120962218",
        &expect![[r#"
        allowed
          role.operator.grants: an operator keeps the grants of users of connections: registers, reads and withdraws them
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
    check(
        "operator default consented -",
        "administer default keys",
        &expect![[r#"
        denied
          no policy allows it to this role
    "#]],
    );
}
