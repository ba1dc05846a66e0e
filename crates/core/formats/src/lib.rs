//! metrify-formats
