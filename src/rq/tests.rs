//! Tests of fitting and encoding.
