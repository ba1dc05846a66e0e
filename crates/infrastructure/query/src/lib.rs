//! metrify-query
