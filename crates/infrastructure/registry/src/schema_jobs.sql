-- Jobs that somebody started, each known as it began and as it ended; as in the first step. What was counted is JSON.

CREATE TABLE jobs (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    kind TEXT NOT NULL,
    by TEXT NOT NULL,
    house TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    account TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX jobs_by_change ON jobs (tenant, known_from, id);
CREATE INDEX jobs_by_state ON jobs (tenant, state);
