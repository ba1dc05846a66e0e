//! Our words as Cedar's: a principal, an act and a purpose as the entities that policies speak of, after
//! `schema.cedarschema`.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};

use super::{PolicyError, Reason};
use crate::{Act, Circumstances, Principal, Purpose};

/// What the schema calls the purpose of a request that names none.
const NO_PURPOSE: &str = "none";

/// The types of entities; made once, since each is parsed.
#[derive(Debug)]
pub(super) struct Vocabulary {
    action: EntityTypeName,
    area: EntityTypeName,
    kind: EntityTypeName,
    party: EntityTypeName,
    principal: EntityTypeName,
    purpose: EntityTypeName,
    resource: EntityTypeName,
    role: EntityTypeName,
    tenant: EntityTypeName,
    /// Each knows whether it is a use.
    actions: HashMap<EntityUid, Entity>,
    /// By the purpose, whether a grant covers it, and whether it is on what its principal began.
    contexts: HashMap<(Option<Purpose>, bool, bool), Context>,
}

/// What is put to every pack.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) request: Request,
    pub(super) entities: Entities,
    /// All that the scope of a policy may name for it to speak of this principal: itself, its role, and its parties.
    pub(super) scopes: Vec<EntityUid>,
}

impl Vocabulary {
    pub(super) fn new(schema: &Schema) -> Result<Self, PolicyError> {
        let named = |name: &str| name.parse().map_err(|errors| PolicyError::unparsed(name, &errors));
        let purpose = named("Purpose")?;
        let truths = [(false, false), (false, true), (true, false), (true, true)];
        let every = Purpose::all().map(Some).chain([None]);
        let every = every.flat_map(|known| truths.map(|(granted, own)| (known, granted, own)));
        let contexts = every.map(|(known, granted, own)| {
            Ok(((known, granted, own), context(uid(&purpose, purpose_name(known)), granted, own)?))
        });
        let contexts = contexts.collect::<Result<_, PolicyError>>()?;
        let actions = schema.action_entities().map_err(|error| PolicyError::vocabulary(&error))?;
        let actions = actions.into_iter().map(|action| (action.uid(), action)).collect();
        Ok(Self {
            action: named("Action")?,
            area: named("Area")?,
            kind: named("Kind")?,
            party: named("Party")?,
            principal: named("Principal")?,
            purpose,
            resource: named("Resource")?,
            role: named("Role")?,
            tenant: named("Tenant")?,
            actions,
            contexts,
        })
    }

    /// A question that cannot be put is one that is denied, for the reason told.
    pub(super) fn question(
        &self,
        principal: &Principal,
        circumstances: &Circumstances,
        act: &Act,
    ) -> Result<Question, Reason> {
        let known = (circumstances.purpose, circumstances.grant.is_some(), circumstances.own);
        let context = self.contexts.get(&known).cloned().unwrap_or_else(Context::empty);
        let name = uid(&self.principal, &principal.name);
        let parties = principal.parties.iter().map(|party| uid(&self.party, party.name()));
        let groups: HashSet<_> = parties.chain([uid(&self.role, principal.role.name())]).collect();
        let scopes = groups.iter().chain([&name]).cloned().collect();
        let principal = self.principal(name.clone(), principal, groups)?;
        let resource = self.resource(act)?;
        let action = uid(&self.action, act.action.name());
        // Not checked against the schema each time: a test shows that every question fits it.
        let request = Request::new(name, action.clone(), resource.uid(), context, None);
        let request = request.map_err(|error| unasked(&error))?;
        let known = [principal, resource].into_iter().chain(self.actions.get(&action).cloned());
        let entities = Entities::from_entities(known, None).map_err(|error| unasked(&error))?;
        Ok(Question { request, entities, scopes })
    }

    fn principal(&self, name: EntityUid, principal: &Principal, groups: HashSet<EntityUid>) -> Result<Entity, Reason> {
        let purposes = principal.purposes.iter().map(|purpose| expression(uid(&self.purpose, purpose.name())));
        let tenant = expression(uid(&self.tenant, principal.tenant.as_str()));
        let attributes =
            [("tenant".to_owned(), tenant), ("purposes".to_owned(), RestrictedExpression::new_set(purposes))];
        Entity::new(name, attributes.into(), groups).map_err(|error| unasked(&error))
    }

    fn resource(&self, act: &Act) -> Result<Entity, Reason> {
        let tenant = expression(uid(&self.tenant, act.tenant.as_str()));
        let personal = RestrictedExpression::new_bool(act.resource.is_personal());
        let mut attributes = HashMap::from([("tenant".to_owned(), tenant), ("personal".to_owned(), personal)]);
        if let Some(subject) = &act.subject {
            attributes.insert("subject".to_owned(), RestrictedExpression::new_string(subject.clone()));
        }
        let kind = act.resource.name();
        let parents = HashSet::from([uid(&self.kind, kind), uid(&self.area, act.resource.area().name())]);
        let name = uid(&self.resource, &format!("{}/{kind}", act.tenant));
        Entity::new(name, attributes, parents).map_err(|error| unasked(&error))
    }
}

fn uid(of: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(name))
}

fn expression(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

const fn purpose_name(purpose: Option<Purpose>) -> &'static str {
    match purpose {
        Some(purpose) => purpose.name(),
        None => NO_PURPOSE,
    }
}

fn context(purpose: EntityUid, granted: bool, own: bool) -> Result<Context, PolicyError> {
    let [granted, own] = [granted, own].map(RestrictedExpression::new_bool);
    let pairs = [("purpose".to_owned(), expression(purpose)), ("granted".to_owned(), granted), ("own".to_owned(), own)];
    Context::from_pairs(pairs).map_err(|error| PolicyError::vocabulary(&error))
}

fn unasked(error: &dyn std::error::Error) -> Reason {
    Reason { policy: None, text: format!("the question cannot be put to the policies: {error}"), law: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, Party, Resource, Role};

    /// Decisions trust that it holds, and so it is shown here of every word.
    #[test]
    fn every_question_fits_the_schema() {
        let (schema, _) = Schema::from_cedarschema_str(super::super::SCHEMA).expect("the schema");
        let vocabulary = Vocabulary::new(&schema).expect("the words");
        let fits = |role, action, resource, purpose, subject: Option<String>| {
            let tenant: metrify_domain::Tenant = "default".parse().expect("a tenant");
            let (parties, purposes) = (Party::ALL.to_vec(), Purpose::all().collect());
            let principal = Principal {
                name: "key:\"7f\" \n".to_owned(),
                tenant: tenant.clone(),
                parties,
                role,
                purposes,
                expires_at: None,
            };
            let grant = subject.clone();
            let act = Act { action, resource, tenant, subject };
            let circumstances = Circumstances { purpose, grant, own: false };
            let Question { request, entities, .. } =
                vocabulary.question(&principal, &circumstances, &act).expect("a question");
            let part = |part: Option<&EntityUid>| part.cloned().expect("a part of the request");
            let context = request.context().cloned().expect("a context");
            let parts = (part(request.principal()), part(request.action()), part(request.resource()));
            Request::new(parts.0, parts.1, parts.2, context, Some(&schema)).expect("a request of the schema");
            Entities::from_entities(entities, Some(&schema)).expect("entities of the schema");
        };
        for action in Action::ALL {
            for resource in Resource::ALL {
                Role::ALL.into_iter().for_each(|role| fits(role, action, resource, None, None));
                let every = Purpose::all().map(Some);
                every.for_each(|purpose| fits(Role::Admin, action, resource, purpose, Some("x\"".to_owned())));
            }
        }
    }
}
