-- People, their logins, and their wrong passwords; as in the first step.

CREATE TABLE users (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    title TEXT,
    role TEXT NOT NULL,
    purposes TEXT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);

CREATE TABLE sessions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    user_name TEXT NOT NULL,
    user_version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    previous TEXT,
    expires_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX sessions_by_user ON sessions (tenant, user_name);

CREATE TABLE attempts (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    failures BIGINT NOT NULL,
    locked_until BIGINT,
    PRIMARY KEY (tenant, id, version)
);
