//! metrify-application
