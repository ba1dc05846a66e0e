//! metrify-api
