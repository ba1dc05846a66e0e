//! Every party, purpose, role, action and resource, against tables that say what must hold.

use std::collections::BTreeSet;

use metrify_governance::{Act, Action, Circumstances, Decision, Party, Policies, Principal, Purpose, Resource, Role};

use crate::{act, law, principal, shipped};

/// What a role may do, and with things of which areas: measurement, master data, administration, platform, operation.
const ROLES: &str = "
admin read MDAPO
admin query MDAPO
admin export MDAPO
admin deliver MDAPO
admin mend MDAPO
admin register MDAPO
admin administer MDAPO
admin enter MDAPO
analyst read MDP
analyst query MD
analyst export MD
operator read MDPO
operator query MD
operator export MD
operator deliver MD
operator mend MDO
operator register MD
viewer read MDP
api read MDP
api deliver MD
";

const RESOURCES: &str = "
readings M personal
tables M personal
deliveries M -
rejects M personal
metering_points D personal
meters D personal
grid_operators D -
weather_stations D -
tenants A -
users A -
keys A -
policies A -
audit A -
system P -
grants A -
jobs O -
archive M personal
";

const USES: [&str; 3] = ["read", "query", "export"];

/// Area and whether it is personal.
fn resource(name: &str) -> (&'static str, bool) {
    let line = RESOURCES.lines().find(|line| line.split(' ').next() == Some(name)).expect(name);
    (line.split(' ').nth(1).expect(line), line.ends_with("personal"))
}

fn role_may(role: &str, action: &str, area: &str) -> bool {
    let starts = format!("{role} {action} ");
    ROLES.lines().any(|line| line.strip_prefix(&starts).is_some_and(|areas| areas.contains(area)))
}

/// Within the tenant `default`, for somebody without purposes of its own.
fn expected(principal: &Principal, purpose: Option<Purpose>, act: &Act) -> bool {
    let (area, personal) = resource(act.resource.name());
    let is_use = personal && USES.contains(&act.action.name());
    // Of one point at a time, by a grant: see `consent.rs`.
    let of_all = purpose.is_some_and(Purpose::rests_on_consent) && principal.parties.contains(&Party::Consented);
    let lawful = purpose.is_some_and(|purpose| !law::places(&principal.parties, purpose.name()).is_empty());
    // Whoever it is, lets itself in and out.
    let enters = (act.action, act.resource) == (Action::Enter, Resource::Users);
    let keeps_grants = (principal.role, act.resource) == (Role::Operator, Resource::Grants)
        && [Action::Read, Action::Administer].contains(&act.action);
    let role_may = enters || keeps_grants || role_may(principal.role.name(), act.action.name(), area);
    let tells_of_all = of_all && area == "M" && USES.contains(&act.action.name());
    role_may && (!is_use || lawful && !of_all) && !tells_of_all
}

/// No party, each alone, and all together.
fn parties() -> Vec<Vec<Party>> {
    Party::ALL.map(|party| vec![party]).into_iter().chain([Vec::new(), Party::ALL.to_vec()]).collect()
}

fn purposes() -> impl Iterator<Item = Option<Purpose>> {
    Purpose::all().map(Some).chain([None])
}

fn acts(tenant: &str) -> Vec<Act> {
    let tenant: metrify_domain::Tenant = tenant.parse().expect(tenant);
    let each = |action| Resource::ALL.map(|resource| Act { action, resource, tenant: tenant.clone(), subject: None });
    Action::ALL.into_iter().flat_map(each).collect()
}

/// Whatever is decided of every role, party, purpose and act in a tenant.
fn matrix(tenant: &str, parties: &[Vec<Party>], mut each: impl FnMut(&Policies, &Principal, Option<Purpose>, &Act)) {
    let (policies, acts) = (shipped(), acts(tenant));
    for role in Role::ALL {
        for parties in parties.iter().cloned() {
            let principal = Principal { role, parties, ..principal(&format!("viewer {tenant} - -")) };
            for purpose in purposes() {
                acts.iter().for_each(|act| each(&policies, &principal, purpose, act));
            }
        }
    }
}

/// The places in the law that allow it, of those that list purposes.
fn places(decision: &Decision) -> BTreeSet<&str> {
    decision.reasons.iter().filter_map(|reason| reason.law.as_deref()).collect()
}

#[test]
fn every_decision_is_what_the_tables_say_and_has_a_reason() {
    let mut decided = BTreeSet::new();
    let mut count = 0;
    matrix("default", &parties(), |policies, principal, purpose, act| {
        let decision = policies.decide(principal, &purpose.into(), act);
        let case = || format!("{principal:?} {purpose:?} {act:?}: {decision:?}");
        assert_eq!(decision.allowed, expected(principal, purpose, act), "{}", case());
        assert!(!decision.reasons.is_empty(), "{}", case());
        assert!(decision.reasons.iter().all(|reason| !reason.text.contains("no reason")), "{}", case());
        decided.extend(decision.reasons.iter().filter_map(|reason| reason.policy.clone()));
        if decision.allowed {
            let (_, personal) = resource(act.resource.name());
            let lawful = purpose.filter(|_| personal && USES.contains(&act.action.name()));
            let lawful = lawful.map(|purpose| law::places(&principal.parties, purpose.name())).unwrap_or_default();
            assert_eq!(places(&decision), lawful, "{}", case());
        }
        count += 1;
    });
    assert_eq!(count, 5 * 11 * 22 * 8 * 17);
    // A policy that never decides is a mistake, but for those that other tests are about.
    let texts = [include_str!("../../src/policies/roles.cedar"), include_str!("../../src/policies/msbg.cedar")];
    let ids =
        texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix("@id(\"")?.strip_suffix("\")"));
    let idle: Vec<_> = ids.filter(|id| !decided.contains(*id)).collect();
    assert_eq!(idle, ["tenant", "role.any.own_jobs", "purpose.granted", "msbg.49.2.9", "consent.granted"]);
}

#[test]
fn what_somebody_began_it_sees_and_stops_and_nothing_more() {
    let own = |purpose| Circumstances { own: true, ..Circumstances::from(purpose) };
    matrix("default", &[Vec::new(), Party::ALL.to_vec()], |policies, principal, purpose, act| {
        let is_job = act.resource == Resource::Jobs && [Action::Read, Action::Mend].contains(&act.action);
        let expected = is_job || expected(principal, purpose, act);
        let decision = policies.decide(principal, &own(purpose), act);
        assert_eq!(decision.allowed, expected, "{principal:?} {purpose:?} {act:?}: {decision:?}");
    });
    let job = Act { action: Action::Read, resource: Resource::Jobs, ..acts("stadtwerk").remove(0) };
    let elsewhere = shipped().decide(&principal("admin default - -"), &own(None), &job);
    assert!(!elsewhere.allowed, "{elsewhere:?}");
}

#[test]
fn in_another_tenant_all_is_the_same_but_that_it_may_only_read_itself() {
    matrix("stadtwerk", &[Vec::new(), Party::ALL.to_vec()], |policies, principal, purpose, act| {
        let held = act.resource != Resource::Tenants || act.action == Action::Read;
        let expected = held && expected(principal, purpose, act);
        assert_eq!(
            policies.decide(principal, &purpose.into(), act).allowed,
            expected,
            "{principal:?} {purpose:?} {act:?}"
        );
    });
}

#[test]
fn nothing_of_another_tenant_is_allowed() {
    let policies = shipped();
    for (own, other) in [("default", "stadtwerk"), ("stadtwerk", "default"), ("stadtwerk", "gaswerk")] {
        for role in Role::ALL {
            let principal = Principal { role, parties: Party::ALL.to_vec(), ..principal(&format!("viewer {own} - -")) };
            for act in acts(other) {
                for purpose in purposes() {
                    let decision = policies.decide(&principal, &purpose.into(), &act);
                    assert!(!decision.allowed, "{principal:?} {purpose:?} {act:?}");
                    assert_eq!(decision.reasons[0].policy.as_deref(), Some("tenant"));
                }
            }
        }
    }
}

#[test]
fn of_lawful_purposes_only_those_given_are_allowed() {
    let policies = shipped();
    for granted in Purpose::all() {
        let principal =
            Principal { parties: Party::ALL.to_vec(), purposes: vec![granted], ..principal("admin default - -") };
        for purpose in purposes() {
            for action in Action::ALL {
                let act = Act { action, ..act("read default readings 50120962218") };
                let is_use = USES.contains(&action.name());
                let grant = Some("5e55".to_owned());
                let decision = policies.decide(&principal, &Circumstances { purpose, grant, own: false }, &act);
                assert_eq!(decision.allowed, !is_use || purpose == Some(granted), "{granted} {purpose:?} {act:?}");
            }
        }
    }
}
