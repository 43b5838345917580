//! What is posted: visitors who look, gather and sometimes buy.

use schema::Timestamp;
use shoal::Dice;

const REGIONS: [&str; 4] = ["California", "Texas", "Bavaria", "Ontario"];
const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
/// How far back history goes.
const HISTORY_MICROS: u64 = 30 * 24 * 3_600 * 1_000_000;

/// Decides what happens next.
pub(super) struct Shop {
    dice: Dice,
    users: u64,
}

impl Shop {
    /// Makes a shop with so many visitors.
    pub(super) const fn new(seed: u64, users: u64) -> Self {
        Self { dice: Dice::new(seed), users }
    }

    /// Returns an event of the last thirty days before `now`, as a line of a batch.
    pub(super) fn past(&mut self, now: Timestamp) -> String {
        let ago = self.dice.below(HISTORY_MICROS) as i64;
        self.event(self.users, now.plus_micros(-ago))
    }

    /// Returns an event of now, as a line of a batch. Only every second visitor still comes: the others do not end up
    /// in every segment, however long a run takes.
    pub(super) fn present(&mut self, now: Timestamp) -> String {
        self.event(self.users.div_ceil(2), now)
    }

    fn event(&mut self, visitors: u64, created_at: Timestamp) -> String {
        let Self { dice, .. } = self;
        let (event_id, visitor) = (dice.uuid(), dice.below(visitors));
        let (region, device) = (dice.pick(&REGIONS), dice.pick(&DEVICES));
        let payload = match dice.below(10) {
            0 => {
                let (order_id, euros, cents) = (dice.uuid(), 1 + dice.below(40), dice.below(100));
                format!(
                    r#""activity_type":"product_purchased","order_id":"{order_id}","order_total":"{euros}.{cents:02}""#
                )
            }
            1..3 => r#""activity_type":"added_to_cart""#.to_owned(),
            _ => format!(r#""activity_type":"page_viewed","url":"https://shop.example/{}""#, dice.below(500)),
        };
        format!(
            r#"{{"event_id":"{event_id}","id":"visitor-{visitor}","id_type":"cookie","region":"{region}","device_type":"{device}","created_at":"{created_at}","payload":{{{payload}}}}}"#
        )
    }
}
