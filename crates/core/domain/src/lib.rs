//! metrify-domain
