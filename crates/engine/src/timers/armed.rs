//! By user: the deadline and where its entry is.
//!
//! In chunks, so that no single event pays for the growth of a table of millions.

use schema::Timestamp;

use super::UserIndex;

/// How many users lie together.
const CHUNK: usize = 1024;
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Deadlines and places apart, because a place alone would be padded to twice its size.
#[derive(Debug)]
struct Chunk {
    deadlines: [Timestamp; CHUNK],
    places: [u32; CHUNK],
}

/// Who is armed.
#[derive(Debug, Default)]
pub(super) struct Armed(Vec<Box<Chunk>>);

impl Armed {
    pub(super) fn deadline(&self, user: UserIndex) -> Option<Timestamp> {
        let chunk = self.0.get(user as usize / CHUNK)?;
        Some(chunk.deadlines[user as usize % CHUNK]).filter(|deadline| *deadline != NEVER)
    }

    pub(super) fn set_deadline(&mut self, user: UserIndex, deadline: Option<Timestamp>) {
        while self.0.len() <= user as usize / CHUNK {
            self.0.push(Box::new(Chunk { deadlines: [NEVER; CHUNK], places: [0; CHUNK] }));
        }
        self.0[user as usize / CHUNK].deadlines[user as usize % CHUNK] = deadline.unwrap_or(NEVER);
    }

    /// Returns where the entry of a user who is armed lies among its neighbours.
    pub(super) fn place(&self, user: UserIndex) -> usize {
        self.0[user as usize / CHUNK].places[user as usize % CHUNK] as usize
    }

    pub(super) fn set_place(&mut self, user: UserIndex, place: usize) {
        self.0[user as usize / CHUNK].places[user as usize % CHUNK] = place as u32;
    }
}
