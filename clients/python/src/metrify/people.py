"""People, keys, tenants, grants, and the log of who did what.

Lists with `start` or `end` are of what changed last in `[start, end)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ._asking import PAGE, Asking, tag
from .core import calls
from .core.types import (
    Audited,
    Entry,
    Grant,
    Issued,
    Key,
    NewGrant,
    NewKey,
    NewTenant,
    NewUser,
    Tenant,
    TenantFacts,
    User,
    UserChange,
)
from .times import Moment, moment

Status = Literal["active", "inactive"]


class People(Asking):
    """Who may come in, and what they did."""

    def keys(
        self,
        *,
        status: Status | None = None,
        role: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Key]:
        """The keys of the tenant, without what opens anything, over all pages."""
        return self._pages(
            lambda cursor: calls.list_keys(
                status=status,
                role=role,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def create_key(
        self,
        title: str,
        role: str,
        *,
        purposes: Sequence[str] = (),
        tenant: str | None = None,
        expires_at: Moment | None = None,
    ) -> Issued:
        """Issues a key: `.key` is what opens, told this once; its repr does not show it.

        `role` is admin, analyst, operator, viewer or api. Raises Denied where the own role may not.
        """
        told = NewKey(title=title, role=role, purposes=list(purposes), tenant=tenant, expires_at=moment(expires_at))
        return self.ask(calls.create_key(told))

    def revoke_key(self, id: str, *, tenant: str | None = None) -> Key:
        """Takes a key back, by its id: it opens nothing from now on. Raises NotFound."""
        return self.ask(calls.revoke_key(id, tenant=tenant))

    def users(
        self,
        *,
        status: Status | None = None,
        role: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[User]:
        """The people of the tenant, the deactivated ones, too, over all pages."""
        return self._pages(
            lambda cursor: calls.list_users(
                status=status,
                role=role,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def user(self, name: str, *, as_known_at: Moment | None = None) -> User:
        """One of the people of the tenant. Raises NotFound."""
        return self.ask(calls.get_user(name, as_known_at=moment(as_known_at)))

    def create_user(self, name: str, password: str, role: str, *, purposes: Sequence[str] = (), title: str | None = None) -> User:
        """Makes a person who logs in by a name and a password. Raises Conflict where there is one of this name."""
        return self.ask(calls.create_user(NewUser(name=name, password=password, role=role, purposes=list(purposes), title=title)))

    def change_user(self, name: str, change: UserChange, *, version: int | None = None) -> User:
        """Says anew what is told of a person; it is logged in nowhere from then on. Raises NotFound, Conflict."""
        return self.ask(calls.change_user(name, change, if_match=tag(version)))

    def tenants(
        self, *, start: Moment | None = None, end: Moment | None = None, as_known_at: Moment | None = None
    ) -> Iterator[Tenant]:
        """All tenants, for an admin of the house's own tenant; their own one for other admins."""
        return self._pages(
            lambda cursor: calls.list_tenants(
                start=moment(start), end=moment(end), as_known_at=moment(as_known_at), limit=PAGE, cursor=cursor
            )
        )

    def create_tenant(self, name: str, parties: Sequence[str], *, title: str | None = None) -> Tenant:
        """Makes a tenant with tables of its own; `parties` is what it is in the market, such as `supplier`."""
        return self.ask(calls.create_tenant(NewTenant(name=name, parties=list(parties), title=title)))

    def change_tenant(self, id: str, facts: TenantFacts, *, version: int | None = None) -> Tenant:
        """Says anew what is told of a tenant: the keys of one that is `inactive` open nothing."""
        return self.ask(calls.change_tenant(id, facts, if_match=tag(version)))

    def grants(
        self,
        *,
        point: str | None = None,
        active: bool | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Grant]:
        """What users of connections consented to, over all pages; of one point where one is named.

        `active` leaves out those that were withdrawn, and its contrary all others.
        """
        status: Literal["active", "inactive"] | None = None if active is None else "active" if active else "inactive"
        return self._pages(
            lambda cursor: calls.list_grants(
                point=point,
                status=status,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def create_grant(
        self,
        point: str,
        evidence: str,
        *,
        grantee: str = "tenant",
        valid_from: Moment | None = None,
        valid_until: Moment | None = None,
    ) -> Grant:
        """Registers a consent to use what is known of a point; `evidence` is where it is kept, and names no person.

        `grantee` is everybody of the tenant, or one principal such as `user:ann`. Raises Invalid where the tenant needs none.
        """
        told = NewGrant(
            point=point, evidence=evidence, grantee=grantee, valid_from=moment(valid_from), valid_until=moment(valid_until)
        )
        return self.ask(calls.create_grant(told))

    def withdraw_grant(self, id: str, *, version: int | None = None) -> Grant:
        """Withdraws a grant, by its id: it covers nothing from now on. Raises NotFound, Conflict."""
        return self.ask(calls.withdraw_grant(id, if_match=tag(version)))

    def audit(
        self,
        *,
        subject: str | None = None,
        principal: str | None = None,
        action: str | None = None,
        resource: str | None = None,
        outcome: str | None = None,
        role: str | None = None,
        purpose: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """What was done in the tenant in `[start, end)`, over all pages; asking for each is an entry of its own.

        `outcome` is begun, done, denied, or the kind of an error; `query` of an entry is the SHA-256 of the text that was asked.
        """
        return self._pages(
            lambda cursor: calls.list_audit(
                subject=subject,
                principal=principal,
                action=action,
                resource=resource,
                outcome=outcome,
                role=role,
                purpose=purpose,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                sort="-at" if newest_first else "at",
                limit=PAGE,
                cursor=cursor,
            )
        )

    def verify_audit(self) -> Audited:
        """Whether the log is as it was written. One that is broken is an answer, no error: see `whole` and `broken`."""
        return self.ask(calls.verify_audit())
