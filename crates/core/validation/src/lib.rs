//! metrify-validation
