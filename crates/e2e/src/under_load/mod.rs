//! Definitions that change while events keep coming, on a real Kafka, Postgres and Databend.
//!
//! History is posted first ([`posting`]), all of it through ingestion-api, and previewed by both who can ([`previews`]). Then events keep coming at a
//! fixed rate ([`traffic`]) while segments are created and edited ([`definitions`]). Each of these is a
//! switch from one definition to the next, at an offset and an instant of each partition; the segmenter
//! writes both into its state ([`switches`]). So Databend can be asked by rendered SQL who was in the
//! segment just before and just after, of exactly the events that lay before the switch ([`rendered`]), and the
//! changes that the switch published must be the difference, each once ([`verdict`]). When the traffic has
//! ended, members in the topics, in Postgres and by SQL must be the same ([`members`]).
//!
//! On its way each says how far it is ([`way`]); and several more are put to see how soon every segmenter has heard of them
//! ([`reach`]). [`rig`] is who runs, [`shop`] what is posted, [`run`](mod@run) the order of things.

mod definitions;
mod members;
mod posting;
mod previews;
mod reach;
mod rendered;
mod report;
mod rig;
mod run;
mod shop;
mod switches;
mod traffic;
mod verdict;
mod way;

pub use reach::Reach;
pub use report::LoadReport;
pub use run::{LoadOptions, run};
