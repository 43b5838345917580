//! The simulated shop: visitors with habits, and what they do next.
//!
//! Pure: time is a parameter and chance has a seed. Some visitors come with a past, so that
//! segments about the last weeks have members from the first minute, who leave when they return.

use schema::Timestamp;
use serde_json::json;

use super::Dice;

const VISITORS: usize = 120;
/// So many of the visitors were here before.
const RETURNING: usize = 40;
/// At most so many are in the shop at once: with more, one visitor's visit would last too long to follow.
const AT_ONCE: usize = 12;
const REGIONS: [(&str, &str); 6] = [
    ("California", "US"),
    ("California", "US"),
    ("Texas", "US"),
    ("New York", "US"),
    ("Bavaria", "DE"),
    ("Ontario", "CA"),
];
const DEVICES: [&str; 4] = ["mobile", "mobile", "desktop", "tablet"];
const PRODUCTS: [(&str, i64); 8] = [
    ("espresso-cup", 1290),
    ("moka-pot", 3450),
    ("hand-grinder", 8900),
    ("kettle", 6490),
    ("filter-papers", 590),
    ("house-blend-1kg", 2490),
    ("decaf-250g", 890),
    ("scale", 4990),
];
const DAY: i64 = 24 * 3_600 * 1_000_000;
const MINUTE: i64 = 60 * 1_000_000;

#[derive(Debug)]
struct Visitor {
    cookie: String,
    region: &'static str,
    country: &'static str,
    device_type: &'static str,
}

/// One visitor's stay in the shop.
#[derive(Debug)]
struct Visit {
    visitor: usize,
    /// In cents.
    cart: i64,
    steps_left: u64,
}

/// What happened, before it is an event of the wire.
enum Deed {
    Viewed(&'static str),
    AddedToCart(&'static str),
    Purchased { cents: i64 },
}

/// The shop: its visitors and who is in it.
#[derive(Debug)]
pub(crate) struct Shop {
    dice: Dice,
    visitors: Vec<Visitor>,
    visits: Vec<Visit>,
}

impl Shop {
    /// Makes the shop of that seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let visitors = (0..VISITORS)
            .map(|number| {
                let (region, country) = *dice.pick(&REGIONS);
                Visitor {
                    cookie: format!("shop-{seed}-visitor-{number}"),
                    region,
                    country,
                    device_type: dice.pick::<&str>(&DEVICES),
                }
            })
            .collect();
        Self { dice, visitors, visits: Vec::new() }
    }

    /// Returns what the returning visitors did in the weeks before `now`: their views, 8 to 40 days
    /// ago, and for some a purchase at the end.
    pub(crate) fn history(&mut self, now: Timestamp) -> Vec<serde_json::Value> {
        let mut events = Vec::new();
        for visitor in 0..RETURNING {
            let started = now.plus_micros(-((8 + self.dice.below(32) as i64) * DAY));
            let views = 3 + self.dice.below(15) as i64;
            for view in 0..views {
                let product = self.dice.pick(&PRODUCTS).0;
                events.push(self.event(visitor, &Deed::Viewed(product), started.plus_micros(view * MINUTE)));
            }
            if self.dice.chance(40) {
                let cents = self.dice.pick(&PRODUCTS).1;
                events.push(self.event(visitor, &Deed::Purchased { cents }, started.plus_micros(views * MINUTE)));
            }
        }
        events
    }

    /// Returns the next thing that happens in the shop.
    pub(crate) fn next_event(&mut self, now: Timestamp) -> serde_json::Value {
        if self.visits.is_empty() || (self.visits.len() < AT_ONCE && self.dice.chance(15)) {
            self.let_someone_in();
        }
        let at = self.dice.below(self.visits.len() as u64) as usize;
        let deed = self.next_deed(at);
        let visitor = self.visits[at].visitor;
        if self.visits[at].steps_left == 0 {
            self.visits.swap_remove(at);
        }
        self.event(visitor, &deed, now)
    }

    fn let_someone_in(&mut self) {
        let visitor = self.dice.below(VISITORS as u64) as usize;
        let steps_left = 2 + self.dice.below(10);
        self.visits.push(Visit { visitor, cart: 0, steps_left });
    }

    /// A visit is views, now and then something into the cart, and perhaps its purchase at the end.
    fn next_deed(&mut self, at: usize) -> Deed {
        let (product, cents) = *self.dice.pick(&PRODUCTS);
        let wants_it = self.dice.chance(20);
        let pays = self.dice.chance(60);
        let visit = &mut self.visits[at];
        visit.steps_left -= 1;
        if visit.steps_left == 0 && visit.cart > 0 && pays {
            return Deed::Purchased { cents: visit.cart };
        }
        if wants_it {
            visit.cart += cents;
            return Deed::AddedToCart(product);
        }
        Deed::Viewed(product)
    }

    fn event(&mut self, visitor: usize, deed: &Deed, created_at: Timestamp) -> serde_json::Value {
        let payload = match deed {
            Deed::Viewed(product) => {
                json!({"activity_type": "page_viewed", "url": format!("https://shop.example/{product}"), "product_id": product})
            }
            Deed::AddedToCart(product) => {
                json!({"activity_type": "added_to_cart", "url": format!("https://shop.example/{product}"), "product_id": product})
            }
            Deed::Purchased { cents } => {
                let order_total = format!("{}.{:02}", cents / 100, cents % 100);
                json!({"activity_type": "product_purchased", "order_id": self.dice.uuid(), "order_total": order_total})
            }
        };
        let Visitor { cookie, region, country, device_type } = &self.visitors[visitor];
        json!({
            "event_id": self.dice.uuid(), "id": cookie, "id_type": "cookie",
            "region": region, "country": country, "device_type": device_type,
            "created_at": created_at.to_string(), "payload": payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_of(seed: u64) -> Vec<String> {
        let now = Timestamp::parse("2026-01-31T12:00:00Z").unwrap();
        let mut shop = Shop::new(seed);
        let mut events = shop.history(now);
        events.extend((0..500).map(|second| shop.next_event(now.plus_micros(second * 1_000_000))));
        events.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_shop() {
        assert_eq!(events_of(7), events_of(7));
        assert_ne!(events_of(7), events_of(8));
    }

    #[test]
    fn people_browse_fill_carts_and_buy() {
        let events = events_of(1);
        for activity in ["page_viewed", "added_to_cart", "product_purchased"] {
            let count = events.iter().filter(|event| event.contains(activity)).count();
            assert!(count >= 10, "{activity} happened {count} times");
        }
    }
}
