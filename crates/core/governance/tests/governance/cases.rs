//! What the shipped policies say, case by case.

use expect_test::{Expect, expect};
use metrify_governance::{Action, Resource};

use crate::{decide, describe, shipped};

fn check(who: &str, what: &str, expected: &Expect) {
    expected.assert_eq(&describe(&decide(&shipped(), who, what)));
}

#[test]
fn a_lawful_use_names_the_role_and_the_place_in_the_law() {
    check(
        "viewer default metering_operator -",
        "read default readings for metering",
        &expect![[r#"
        allowed
          role.viewer: a viewer reads what is measured
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
    "#]],
    );
    check(
        "analyst default grid_operator -",
        "export default readings 10315 for grid_operation",
        &expect![[r#"
        allowed
          role.analyst: an analyst reads, queries and exports what is measured
          msbg.66.1.3: a grid operator runs and plans its grid, and forecasts load and feed-in (MsbG 66(1) no. 3)
    "#]],
    );
}

#[test]
fn a_purpose_may_be_lawful_for_two_parties_of_a_tenant() {
    let who = "analyst default balance_responsible,supplier -";
    check(
        who,
        "query default tables for settlement_review",
        &expect![[r#"
        allowed
          role.analyst: an analyst reads, queries and exports what is measured
          msbg.68.1.2: who is responsible for a balancing group checks its settlement (MsbG 68(1) no. 2)
          msbg.69.1.5: a supplier checks the settlement of balancing groups and the bills for the grid (MsbG 69(1) no. 5)
    "#]],
    );
}

#[test]
fn a_use_without_a_purpose_is_denied_to_an_admin_too() {
    check(
        "admin default metering_operator -",
        "read default readings",
        &expect![[r#"
        denied
          msbg.50.1: personal data of metering are used for a purpose, and none was named (MsbG 50(1))
    "#]],
    );
}

#[test]
fn a_purpose_of_another_party_is_denied() {
    check(
        "admin default metering_operator -",
        "read default readings for supply_billing",
        &expect![[r#"
        denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
}

#[test]
fn a_tenant_that_is_no_party_uses_nothing_personal() {
    check(
        "admin default - -",
        "read default readings for metering",
        &expect![[r#"
        denied
          msbg.49.2: its tenant is none of the bodies that may use personal data of metering (MsbG 49(2))
    "#]],
    );
    check(
        "admin default - -",
        "read default readings",
        &expect![[r#"
        denied
          msbg.49.2: its tenant is none of the bodies that may use personal data of metering (MsbG 49(2))
          msbg.50.1: personal data of metering are used for a purpose, and none was named (MsbG 50(1))
    "#]],
    );
}

#[test]
fn purposes_of_its_own_narrow_what_the_law_allows_and_never_widen_it() {
    let who = "analyst default supplier supply_billing";
    check(
        who,
        "read default readings for supply_billing",
        &expect![[r#"
        allowed
          role.analyst: an analyst reads, queries and exports what is measured
          msbg.69.1.1: a supplier bills what it supplied, and informs its customers of it (MsbG 69(1) no. 1)
    "#]],
    );
    check(
        who,
        "read default readings for tariff_change",
        &expect![[r#"
        denied
          purpose.granted: it was given purposes of its own, and this is none of them (GDPR 5(1)(b))
    "#]],
    );
    check(
        who,
        "read default readings",
        &expect![[r#"
        denied
          msbg.50.1: personal data of metering are used for a purpose, and none was named (MsbG 50(1))
    "#]],
    );
    let who = "analyst default metering_operator supply_billing";
    check(
        who,
        "read default readings for supply_billing",
        &expect![[r#"
        denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
}

#[test]
fn what_is_not_personal_needs_neither_party_nor_purpose() {
    check(
        "viewer default - -",
        "read default weather_stations",
        &expect![[r#"
        allowed
          role.viewer.master_data: a viewer reads master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
    check(
        "viewer default - metering",
        "read default weather_stations",
        &expect![[r#"
        allowed
          role.viewer.master_data: a viewer reads master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
}

#[test]
fn duties_need_no_purpose() {
    check(
        "api default - -",
        "deliver default readings",
        &expect![[r#"
        allowed
          role.api: a program delivers and reads what is measured
          msbg.duty: to deliver, mend, register or administer is a duty, and needs no purpose
    "#]],
    );
    check(
        "operator default - -",
        "mend default rejects",
        &expect![[r#"
        allowed
          role.operator: an operator delivers, mends, registers, reads, queries and exports what is measured
          msbg.duty: to deliver, mend, register or administer is a duty, and needs no purpose
    "#]],
    );
    check(
        "operator default - -",
        "register default metering_points",
        &expect![[r#"
        allowed
          role.operator.master_data: an operator delivers, mends, registers, reads, queries and exports master data
          msbg.duty: to deliver, mend, register or administer is a duty, and needs no purpose
    "#]],
    );
}

#[test]
fn a_role_that_may_not_is_told_so_beside_what_the_law_says() {
    check(
        "viewer default supplier -",
        "export default readings for metering",
        &expect![[r#"
        denied
          no policy allows it to this role
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
    check(
        "api default - -",
        "administer default keys",
        &expect![[r#"
        denied
          no policy allows it to this role
    "#]],
    );
    check(
        "analyst default - -",
        "read default audit",
        &expect![[r#"
        denied
          no policy allows it to this role
    "#]],
    );
}

#[test]
fn everybody_sees_how_the_program_stands() {
    check(
        "api default - -",
        "read default system",
        &expect![[r#"
        allowed
          role.any: everybody may see how the program stands
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
    check(
        "analyst default - -",
        "query default system",
        &expect![[r#"
        denied
          no policy allows it to this role
    "#]],
    );
}

#[test]
fn another_tenant_is_out_of_reach_of_an_admin_of_the_house_too() {
    check(
        "admin default metering_operator -",
        "read stadtwerk readings for metering",
        &expect![[r#"
        denied
          tenant: what belongs to a tenant is for its own people only
    "#]],
    );
    check(
        "admin default - -",
        "administer stadtwerk keys",
        &expect![[r#"
        denied
          tenant: what belongs to a tenant is for its own people only
    "#]],
    );
}

#[test]
fn tenants_are_administered_by_the_house_alone() {
    check(
        "admin default - -",
        "administer default tenants",
        &expect![[r#"
        allowed
          role.admin: an admin may do everything in its tenant
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
    check(
        "admin stadtwerk - -",
        "read stadtwerk tenants",
        &expect![[r#"
        allowed
          role.admin: an admin may do everything in its tenant
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
    check(
        "admin stadtwerk - -",
        "administer stadtwerk tenants",
        &expect![[r#"
        denied
          tenants: tenants are made and changed by an admin of the house's own tenant, `default`
    "#]],
    );
    check(
        "operator default - -",
        "administer default tenants",
        &expect![[r#"
        denied
          tenants: tenants are made and changed by an admin of the house's own tenant, `default`
    "#]],
    );
}

#[test]
fn actions_and_resources_are_read_by_name_and_an_unknown_one_is_told_what_there_is() {
    for action in Action::ALL {
        assert_eq!(action.name().parse(), Ok(action));
    }
    for resource in Resource::ALL {
        assert_eq!(resource.name().parse(), Ok(resource));
    }
    let error = "reed".parse::<Action>().expect_err("no action").to_string();
    expect!["`reed` is not an action (read, query, export, deliver, mend, register, administer, enter)"]
        .assert_eq(&error);
    let error = "x".repeat(1000).parse::<Resource>().expect_err("no resource").to_string();
    expect!["`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is not a resource (readings, tables, deliveries, rejects, metering_points, meters, grid_operators, weather_stations, tenants, users, keys, policies, audit, system, grants, jobs, archive)"].assert_eq(&error);
}
