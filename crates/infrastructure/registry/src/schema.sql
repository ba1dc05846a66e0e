-- What happened, and what things are since: a row for each version, known from an instant until another. Instants are microseconds
-- since 1970 in UTC, latitudes and longitudes millionths of a degree.

CREATE TABLE events (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    happened TEXT NOT NULL,
    at BIGINT NOT NULL,
    by TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id, version)
);

CREATE TABLE tenants (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    title TEXT,
    parties TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);

CREATE TABLE keys (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    title TEXT NOT NULL,
    role TEXT NOT NULL,
    purposes TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at BIGINT,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX keys_by_id ON keys (id);

CREATE TABLE metering_points (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    area TEXT,
    grid_operator TEXT,
    postcode TEXT,
    town TEXT,
    latitude INTEGER,
    longitude INTEGER,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX metering_points_by_change ON metering_points (tenant, known_from, id);

CREATE TABLE meters (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    manufacturer TEXT,
    model TEXT,
    area TEXT,
    latitude INTEGER,
    longitude INTEGER,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX meters_by_change ON meters (tenant, known_from, id);

CREATE TABLE installations (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    meter TEXT NOT NULL,
    metering_point TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX installations_by_meter ON installations (tenant, meter);
CREATE INDEX installations_by_metering_point ON installations (tenant, metering_point);
