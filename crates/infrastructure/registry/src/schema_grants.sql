-- What users of connections consented to; as in the first step.

CREATE TABLE grants (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    point TEXT NOT NULL,
    grantee TEXT NOT NULL,
    purpose TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    evidence TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX grants_by_point ON grants (tenant, point);
CREATE INDEX grants_by_change ON grants (tenant, known_from, id);
