//! metrify-journal
