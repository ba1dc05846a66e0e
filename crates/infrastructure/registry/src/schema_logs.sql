-- Which audit logs of a tenant there are, by the data directories that they are in; as in the first step.

CREATE TABLE logs (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    PRIMARY KEY (tenant, id, version)
);
