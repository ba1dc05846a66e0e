-- Grid operators and weather stations; as in the first step.

CREATE TABLE grid_operators (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    partner TEXT,
    area TEXT,
    eic TEXT,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX grid_operators_by_change ON grid_operators (tenant, known_from, id);

CREATE TABLE weather_stations (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_until BIGINT,
    name TEXT,
    latitude INTEGER,
    longitude INTEGER,
    elevation_cm INTEGER,
    operator TEXT,
    status TEXT NOT NULL,
    PRIMARY KEY (tenant, id, version)
);
CREATE INDEX weather_stations_by_change ON weather_stations (tenant, known_from, id);
