//! metrify-lake
